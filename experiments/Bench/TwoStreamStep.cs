using A3.Torch.Networks;
using A3.Torch.Training;
using static TorchSharp.torch;

namespace A3.Bench;

using A3.Model;
using A3.Tensors;

/// <summary>The step of a training run, <see cref="Learner.Step"/>: every position but BOS a target of the query stream.</summary>
internal sealed class TwoStreamStep : ITrainStep
{
    private const double LearningRate = 1e-4;

    private readonly TrainedNetwork network;
    private readonly Learner learner;
    private readonly Partition[] partitions;
    private readonly Tensor tokens;
    private readonly Architecture architecture;

    /// <summary>A network of fresh weights, for tokens [sequence, position] under partitions whose evidence is BOS.</summary>
    public TwoStreamStep(Architecture architecture, Tensor tokens, Partition[] partitions, TrainBenchmarkOptions options)
    {
        (this.architecture, this.tokens, this.partitions) = (architecture, tokens, partitions);
        network = new TrainedNetwork(
            architecture, WeightsModule.initialise(architecture, options.Seed).to(tokens.device), options.Compute.OfTensors());
        learner = new Learner(network, weightDecay: 0.1, clip: 1, options.ActivationCheckpointing);
        Flops = TrainFlops.TwoStream(architecture, partitions);
    }

    public string Name => "two streams";

    public long Flops { get; }

    public void Run()
    {
        using var scope = NewDisposeScope();
        long length = architecture.Context;
        Layout[] layouts = [.. partitions.Select(LayoutModule.ofPartition)];
        long[] targets = [.. Enumerable.Range(0, (int)tokens.NumberOfElements).Where(place => place % length != 0).Select(place => (long)place)];
        var batch = new Batch(
            tokens,
            CompiledMask.layouts(tokens.device, layouts),
            StreamRowsModule.choose(tokens.device, network.Computes, layouts, targets, []),
            Numbers.place(tokens.device, tensor(targets)),
            null,
            targets.Length,
            null);
        Numbers.read(learner.Step([batch], queryWeight: 1, contentWeight: 0, LearningRate)![0]);
    }

    public void Dispose()
    {
        learner.Dispose();
        network.Dispose();
    }
}
