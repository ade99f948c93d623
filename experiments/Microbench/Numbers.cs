namespace A3.Microbench;

/// <summary>Random numbers to compute with.</summary>
internal static class Numbers
{
    /// <summary>Uniform between -1 and 1, the same every time.</summary>
    public static float[] Random(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }
}
