namespace A3.Fuzz.Tests.Formats;

/// <summary>A kind of input: good ones, and what reads it.</summary>
/// <param name="Name">Names the test and the kept inputs.</param>
/// <param name="IsText">Whether faults of texts make sense.</param>
/// <param name="Seeds">Good inputs.</param>
/// <param name="Read">Reads one.</param>
internal sealed record Format(string Name, bool IsText, Lazy<byte[][]> Seeds, Action<byte[]> Read)
{
    /// <summary>Whether an exception is an answer to the input; by default those of the family <see cref="A3Exception"/> are.</summary>
    public Func<Exception, bool> Answers { get; init; } = error => error is A3Exception;

    /// <summary>All formats.</summary>
    public static IReadOnlyList<Format> All { get; } = [.. FileFormats.All, .. TextFormats.All, CallSequences.Format];
}
