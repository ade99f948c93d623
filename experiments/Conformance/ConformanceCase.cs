namespace A3.Conformance;

/// <summary>One comparison with reference numbers.</summary>
/// <param name="Name">The case of the file, and what of it is compared, such as <c>chunk4 query_logits</c>.</param>
/// <param name="Backend">What computed it: <c>managed</c>, <c>torch</c>, or the name of a tokenizer file.</param>
/// <param name="Difference">The largest difference of two numbers (NaN where one is none), or how many tokens differ.</param>
/// <param name="Bound">The largest difference that passes.</param>
public sealed record ConformanceCase(string Name, string Backend, double Difference, double Bound)
{
    /// <summary>Float32 arithmetic in another order.</summary>
    public const double Tolerance = 1e-4;

    public bool Passed => Difference <= Bound;

    /// <summary>Numbers against numbers of the same shape.</summary>
    public static ConformanceCase Numbers(
        string name,
        string backend,
        ReadOnlySpan<float> expected,
        ReadOnlySpan<float> computed)
    {
        var largest = 0.0;
        for (var index = 0; index < expected.Length; index++)
        {
            // Written so that a NaN on either side stays.
            var difference = Math.Abs((double)expected[index] - computed[index]);
            largest = difference <= largest ? largest : difference;
        }

        return new(name, backend, largest, Tolerance);
    }

    /// <summary>Tokens against tokens, which must be the same.</summary>
    public static ConformanceCase Tokens(
        string name,
        string backend,
        ReadOnlySpan<int> expected,
        ReadOnlySpan<int> computed)
    {
        var differing = Math.Abs(expected.Length - computed.Length);
        for (var index = 0; index < Math.Min(expected.Length, computed.Length); index++)
        {
            differing += expected[index] == computed[index] ? 0 : 1;
        }

        return new(name, backend, differing, 0);
    }
}
