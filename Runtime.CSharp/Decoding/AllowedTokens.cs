namespace A3.Runtime;

/// <summary>Which tokens may stand at which position; positions without a constraint allow all.</summary>
/// <param name="biases">By position: [vocabulary], 0 where allowed and minus infinity where not.</param>
internal sealed class AllowedTokens(IReadOnlyDictionary<int, float[]> biases)
{
    public float[]? BiasAt(int position) => biases.GetValueOrDefault(position);
}
