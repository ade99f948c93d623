using A3.Torch.Networks;
using A3.Torch.Training;
using static TorchSharp.torch;

namespace A3.Bench;

using A3.Model;
using A3.Tensors;

/// <summary>
/// What training the same network as a plain LLaMA takes: one stream, causal attention without a mask, every position but the last
/// predicting the next; loss and optimizer are those of the two-stream step.
/// </summary>
internal sealed class CausalStep : ITrainStep
{
    private const double LearningRate = 1e-4;

    private readonly Architecture architecture;
    private readonly Tensor tokens;
    private readonly TrainedNetwork network;
    private readonly AdamW optimizer;

    /// <summary>The network without its query stream, of fresh weights, for tokens [sequence, position].</summary>
    public CausalStep(Architecture twoStream, Tensor tokens, TrainBenchmarkOptions options)
    {
        this.tokens = tokens;
        architecture = ArchitectureModule.withoutQueryStream(twoStream);
        network = new TrainedNetwork(
            architecture, WeightsModule.initialise(architecture, options.Seed).to(tokens.device), options.Compute.OfTensors());
        optimizer = new AdamW(network.Parameters, network.Decaying, weightDecay: 0.1, clip: 1);
        Flops = TrainFlops.Causal(architecture, (int)tokens.shape[0], (int)tokens.shape[1]);
    }

    public string Name => "plain AR";

    public long Flops { get; }

    public void Run()
    {
        using var scope = NewDisposeScope();
        var length = tokens.shape[1];
        long[] places = [.. Enumerable.Range(0, (int)tokens.NumberOfElements).Where(place => place % length != length - 1).Select(place => (long)place)];
        var (_, gradient) = Objective.valueAndGradCausal(
            architecture, network.Weights(), network.Parameters, 1.0 / places.Length, tokens, Numbers.place(tokens.device, tensor(places)));
        Numbers.read(optimizer.Step(LearningRate, gradient));
    }

    public void Dispose()
    {
        optimizer.Dispose();
        network.Dispose();
    }
}
