using A3.Model.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// The two-stream network on libtorch: the path of CUDA, and the oracle of the managed one. Owns the tensors it is given.
/// Shared between threads as long as each runs sequences of its own; dispose scopes and grad mode are per thread.
/// </summary>
internal sealed class TorchNetwork : INetwork
{
    private readonly Tensor[] owned;

    /// <summary>Binds tensors by checkpoint name, all of one number type and on one device.</summary>
    public TorchNetwork(Model.Architecture architecture, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Architecture = architecture;
        owned = [.. tensors.Values.Select(tensor => tensor.DetachFromDisposeScope())];
        Weights = WeightsModule.bind(architecture, FuncConvert.FromFunc<string, Tensor>(name => tensors[name]));
    }

    public Model.Architecture Architecture { get; }

    internal Weights Weights { get; }

    internal TorchSharp.torch.Device Device => Weights.Embedding.device;

    public ISequence Open(int capacity) => new TorchSequence(this, capacity);

    public void Dispose()
    {
        foreach (var tensor in owned)
        {
            tensor.Dispose();
        }
    }
}

/// <summary>One sequence on libtorch: a preallocated cache and the ranks of its rows.</summary>
internal sealed class TorchSequence : ISequence
{
    private readonly TorchNetwork network;
    private readonly Cache cache;
    private readonly int[] ranks;

    public TorchSequence(TorchNetwork network, int capacity)
    {
        this.network = network;
        cache = new Cache(network.Architecture, capacity, network.Weights.Embedding.dtype, network.Device);
        ranks = new int[capacity];
    }

    private TorchSequence(TorchSequence origin)
    {
        network = origin.network;
        cache = origin.cache.Fork();
        ranks = [.. origin.ranks];
    }

    public int Length => cache.Length;

    public int Capacity => cache.Capacity;

    public void Forward(
        ReadOnlySpan<ContentRow> content,
        ReadOnlySpan<QueryRow> queries,
        Span<float> queryLogits,
        Span<float> contentLogits)
    {
        Rows.Check(network.Architecture, this, content, queries, queryLogits.Length, contentLogits.Length);
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        for (var row = 0; row < content.Length; row++)
        {
            ranks[Length + row] = content[row].Rank;
        }

        var mask = MaskOf(content, queries);
        var hidden = Cached.forward(
            network.Architecture, network.Weights, cache, TokensOf(content), queries.Length, PositionsOf(content, queries), mask);
        if (queries.Length > 0)
        {
            Write(hidden.narrow(1, content.Length, queries.Length), queryLogits);
        }

        if (contentLogits.Length > 0)
        {
            Write(hidden.narrow(1, 0, content.Length), contentLogits);
        }
    }

    public void Crop(int length) =>
        cache.Length = length >= 0 && length <= Length
            ? length
            : throw new ArgumentOutOfRangeException(nameof(length), length, $"the cache holds {Length} rows; crop to 0..{Length}.");

    public ISequence Fork() => new TorchSequence(this);

    public void Dispose() => ((IDisposable)cache).Dispose();

    private void Write(Tensor hidden, Span<float> logits) =>
        TwoStream.logits(network.Architecture, network.Weights, hidden)
            .to_type(ScalarType.Float32).cpu().data<float>().CopyTo(logits);

    private Tensor TokensOf(ReadOnlySpan<ContentRow> content)
    {
        var tokens = new long[content.Length];
        for (var row = 0; row < content.Length; row++)
        {
            tokens[row] = content[row].Token;
        }

        return tensor(tokens, device: network.Device).unsqueeze(0);
    }

    private Tensor PositionsOf(ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        var positions = new long[content.Length + queries.Length];
        for (var row = 0; row < content.Length; row++)
        {
            positions[row] = content[row].Position;
        }

        for (var row = 0; row < queries.Length; row++)
        {
            positions[content.Length + row] = queries[row].Position;
        }

        return tensor(positions, device: network.Device).unsqueeze(0);
    }

    /// <summary>bool [1, 1, row, key], or none where every row sees every key, as in the steps of groupwise decoding.</summary>
    private FSharpOption<Tensor> MaskOf(ReadOnlySpan<ContentRow> content, ReadOnlySpan<QueryRow> queries)
    {
        var keys = ranks.AsSpan(0, Length + content.Length);
        var rows = content.Length + queries.Length;
        var mask = new bool[rows * keys.Length];
        for (var row = 0; row < rows; row++)
        {
            var last = row < content.Length ? content[row].Rank : queries[row - content.Length].Rank - 1;
            for (var key = 0; key < keys.Length; key++)
            {
                mask[row * keys.Length + key] = keys[key] <= last;
            }
        }

        return mask.Contains(false)
            ? FSharpOption<Tensor>.Some(tensor(mask, device: network.Device).reshape(1, 1, rows, keys.Length))
            : FSharpOption<Tensor>.None;
    }
}
