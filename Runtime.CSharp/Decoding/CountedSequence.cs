namespace A3.Runtime;

/// <summary>
/// A sequence that counts its forward passes and keeps the logits of the last one. Owns the sequence.
/// </summary>
internal sealed class CountedSequence(INetwork network, int capacity) : IDisposable
{
    /// <summary>Logits held at once; at 32,000 tokens that is 2,000 rows in 256 MB.</summary>
    public const int LogitBudget = 1 << 26;

    private readonly ISequence sequence = network.Open(capacity);
    private readonly int vocabulary = network.Architecture.Vocabulary;
    private float[] logits = [];

    /// <summary>Forward passes so far (NFE).</summary>
    public int Passes { get; private set; }

    public int Length => sequence.Length;

    /// <summary>Rows whose logits one pass may ask for; callers with more rows split them.</summary>
    public static int RowsPerPass(int vocabulary) => Math.Max(1, LogitBudget / vocabulary);

    /// <summary>
    /// Appends content rows and predicts the query rows; then <see cref="Logits"/> holds one row per query.
    /// </summary>
    public void Forward(ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        sequence.Forward(content, queries, Room(queries.Length), []);
        Passes++;
    }

    /// <summary>
    /// Appends content rows; then <see cref="Logits"/> holds each one's prediction of what follows it (the causal
    /// stream).
    /// </summary>
    public void ForwardCausal(ReadOnlySpan<ContentRow> content)
    {
        sequence.Forward(content, [], [], Room(content.Length));
        Passes++;
    }

    /// <summary>[vocabulary], valid until the next pass.</summary>
    public ReadOnlySpan<float> Logits(int row) => logits.AsSpan(row * vocabulary, vocabulary);

    public void Crop(int length) => sequence.Crop(length);

    public void Dispose() => sequence.Dispose();

    private Span<float> Room(int rows)
    {
        var needed = (long)rows * vocabulary;

        if (needed > Array.MaxLength)
        {
            throw new InvalidOperationException(
                $"{rows} positions asked for at once need {needed * sizeof(float)} bytes of logits, but one pass "
                + $"holds {(long)Array.MaxLength * sizeof(float)}; use smaller groups or a window.");
        }

        if (logits.Length < needed)
        {
            logits = new float[needed];
        }

        return logits.AsSpan(0, (int)needed);
    }
}
