using A3.Runtime.Networks;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>A decode under way: what its decoder knows, the cache of its sequence, and the count of its passes. Owns the sequence.</summary>
internal sealed class DecodeState : IDisposable
{
    private readonly IDecoder decoder;
    private readonly ISequence sequence;
    private int steps;

    /// <summary>Rows of the next request that have been run before it was asked for.</summary>
    private int prefilled;

    private volatile bool disposed;

    public DecodeState(INetwork network, IDecoder decoder)
        : this(decoder, network.Open(decoder.Capacity))
    {
    }

    /// <summary>Behind what a sequence has cached already.</summary>
    public DecodeState(IDecoder decoder, ISequence sequence)
    {
        this.decoder = decoder;
        this.sequence = sequence;
    }

    public INetwork Network => sequence.Network;

    /// <summary>Forward passes so far (NFE).</summary>
    public int Passes { get; private set; }

    /// <summary>Rows that its cache has room for.</summary>
    public int Capacity => decoder.Capacity;

    /// <summary>Whether everything is filled.</summary>
    public bool IsFilled => decoder.IsDone;

    /// <summary>Whether there is nothing left to ask: everything is filled, or it was disposed of.</summary>
    public bool IsDone => disposed || IsFilled;

    /// <summary>The rows of the next pass.</summary>
    public PassRows Request()
    {
        var request = decoder.Request();
        sequence.Crop(request.Keep + prefilled);
        return new(sequence, request.Content.AsMemory(prefilled), request.Queries, request.Predicting);
    }

    /// <summary>The content rows of the next pass alone, but for those that predict and those that were run already; may be none.</summary>
    public PassRows AskPrefill()
    {
        var rows = Request();
        return rows with { Content = rows.Content[..^rows.Predicting], Queries = default, Predicting = 0 };
    }

    /// <summary>Goes on after the pass of <see cref="Request"/>; null where it committed nothing.</summary>
    public DecodingStep? Commit(PassPredictions predictions)
    {
        var commitment = decoder.Commit(predictions);
        prefilled = 0;
        Passes++;
        return commitment is null
            ? null
            : new(steps++, Passes, commitment.Tokens) { Drafts = commitment.Drafts, Sweep = commitment.Sweep };
    }

    /// <summary>Goes on after the pass of <see cref="AskPrefill"/>.</summary>
    public void TakePrefill()
    {
        var request = decoder.Request();
        prefilled = request.Content.Length - request.Predicting;
        Passes++;
    }

    /// <summary>A decode of its own from the same state on; with a seed, one that draws by that.</summary>
    public DecodeState Fork(Seed? seed) => new(decoder.Fork(seed), sequence.Fork())
    {
        steps = steps,
        prefilled = prefilled,
        Passes = Passes,
    };

    public void Dispose()
    {
        disposed = true;
        sequence.Dispose();
    }
}
