using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using A3.Tensors;
using static TorchSharp.torch;

namespace A3.Torch.Networks;

/// <summary>Logits where libtorch computed them; tokens are drawn there, and only what was drawn comes to the host.</summary>
/// <remarks>Owns its tensor. Sums run in float64, as on the host; their order may differ in the last bits.</remarks>
/// <param name="device">Where the logits lie.</param>
/// <param name="type">What they were computed in.</param>
/// <param name="limitThreads">Limits the threads of operations of the calling thread.</param>
internal sealed class TorchPredictions(
    TorchSharp.torch.Device device, NumberType type = NumberType.Float32, Func<IDisposable?>? limitThreads = null) : IPredictions, IDisposable
{
    /// <summary>Sets of allowed tokens that are kept on the device.</summary>
    private const int MostPlaced = 32;

    private static readonly TokenSet Everything = TokenSet.Of(0, []);

    private readonly Dictionary<TokenSet, Tensor> placed = [];
    private Tensor? logits;
    private float[]? host;
    private int vocabulary;

    /// <summary>Those of the passes of a network.</summary>
    public TorchPredictions(TorchNetwork network)
        : this(network.Device, TensorTypes.Of(network.Weights.Computes), network.LimitThreads)
    {
    }

    private Tensor Held => logits ?? throw new InvalidOperationException("no pass has run yet.");

    /// <summary>Takes the logits of a new pass, [row, vocabulary].</summary>
    public void Renew(Tensor rows)
    {
        logits?.Dispose();
        logits = rows.to_type(ScalarType.Float32).DetachFromDisposeScope();
        vocabulary = (int)rows.shape[1];
        host = null;
    }

    public ReadOnlySpan<float> Logits(int row)
    {
        host ??= Held.cpu().data<float>().ToArray();
        return host.AsSpan(row * vocabulary, vocabulary);
    }

    public double LogProbability(int row, int token) => LogSoftmax.Of(Logits(row), token);

    public double LogMass(int row, TokenSet tokens) => LogSoftmax.Mass(Logits(row), tokens);

    public double[] Score(int first, int[] tokens)
    {
        using var threads = limitThreads?.Invoke();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        long[] ids = [.. tokens];
        var own = Held.narrow(0, first, tokens.Length).to_type(ScalarType.Float64);
        var logs = own.log_softmax(-1).gather(1, Placed(tensor(ids)).unsqueeze(1)).cpu().data<double>().ToArray();
        return Array.ConvertAll(logs, log => Overflow.Finite(log, type));
    }

    public DecodedToken[] Draw(PredictedRow[] rows, Sampler sampler)
    {
        using var threads = limitThreads?.Invoke();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var uniforms = Array.ConvertAll(rows, row => sampler.Uniform(row.Position));
        var own = Select(rows);
        var (tokens, probabilities) = DeviceSampling.Draw(
            Constrained(own, rows), sampler.Options, Placed(tensor(uniforms)));
        var logProbabilities = own.log_softmax(-1).gather(1, tokens.unsqueeze(1)).squeeze(1);

        // One copy for all, so that the host waits once.
        var packed = stack([tokens.to_type(ScalarType.Float64), logProbabilities, probabilities.log()])
            .cpu().data<double>().ToArray();
        return
        [
            .. rows.Select((row, i) => new DecodedToken(
                row.Position,
                (int)packed[i],
                packed[rows.Length + i] - (row.Agreeing is null ? 0 : LogMass(row.Row, row.Agreeing)),
                packed[2 * rows.Length + i])),
        ];
    }

    public Model.Score[] Assess(PredictedRow[] rows, Sampler sampler)
    {
        using var threads = limitThreads?.Invoke();
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var logs = Constrained(Select(rows), rows).log_softmax(-1);
        var probabilities = logs.exp();
        var best = probabilities.topk(2, -1).values;
        var entropy = -(probabilities * logs.nan_to_num(0, 0, 0)).sum(-1);
        var packed = cat([best, entropy.unsqueeze(1)], 1).cpu().data<double>().ToArray();
        return
        [
            .. rows.Select((row, i) => new Model.Score(
                row.Position, packed[3 * i], packed[3 * i + 2], packed[3 * i] - packed[3 * i + 1])),
        ];
    }

    public void Dispose()
    {
        logits?.Dispose();
        foreach (var tensor in placed.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>float64 [row, vocabulary].</summary>
    private Tensor Select(PredictedRow[] rows)
    {
        var indices = Array.ConvertAll(rows, row => (long)row.Row);
        return Held.index_select(0, Placed(tensor(indices))).to_type(ScalarType.Float64);
    }

    /// <summary>Minus infinity where a token is not allowed.</summary>
    private Tensor Constrained(Tensor own, PredictedRow[] rows) => rows.Any(row => row.Allowed is not null)
        ? Numbers.add(own, stack([.. rows.Select(row => Bias(row.Allowed))]))
        : own;

    private Tensor Placed(Tensor host) => Numbers.place(device, host);

    /// <summary>[vocabulary], minus infinity for what is not allowed, on the device.</summary>
    private Tensor Bias(TokenSet? allowed)
    {
        if (placed.TryGetValue(allowed ?? Everything, out var bias))
        {
            return bias;
        }

        bias = allowed is null ? zeros(vocabulary, device: device) : Placed(tensor(allowed.Bias));

        // What borders and forbidden texts allow is needed once.
        if (placed.Count < MostPlaced)
        {
            placed.Add(allowed ?? Everything, bias.DetachFromDisposeScope());
        }

        return bias;
    }
}
