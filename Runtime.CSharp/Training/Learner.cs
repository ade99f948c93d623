using A3.Model.Tensors;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// Moves what trains of a network along the gradient of batches. Owns the optimizer, not the network; single-threaded.
/// </summary>
internal sealed class Learner(TrainedNetwork network, double weightDecay, double clip, bool recompute = false) : IDisposable
{
    public AdamW Optimizer { get; } = new(network.Parameters, network.Decaying, weightDecay, clip);

    /// <summary>
    /// One optimizer step along the gradient of the batches' loss: the weighted mean surprisal of all their targets times one weight, and
    /// that of their causal targets times the other. Each batch has its own forward and backward pass, and its memory is free before
    /// the next. Gives the query stream's mean surprisal and the norm of the gradient, [2], on the device.
    /// </summary>
    public Tensor Step(IReadOnlyList<Batch> batches, double queryWeight, double contentWeight, double learningRate)
    {
        using var scope = NewDisposeScope();
        var total = batches.Sum(batch => batch.TotalWeight);
        var (loss, gradient) = Gradient(batches, queryWeight, contentWeight);
        var norm = Optimizer.Step(learningRate, gradient);
        return stack([Numbers.scale(1 / total, loss), norm]).MoveToOuterDisposeScope();
    }

    /// <summary>The query stream's weighted surprisals, summed, and the gradient of the batches' loss, [parameters].</summary>
    public (Tensor Sum, Tensor Gradient) Gradient(IReadOnlyList<Batch> batches, double queryWeight, double contentWeight)
    {
        var targets = batches.Sum(batch => batch.TotalWeight);
        var causal = batches.Sum(batch => batch.CausalTargets?.Value.shape[0] ?? 0);
        var factors = new LossFactors(queryWeight / targets, contentWeight / Math.Max(causal, 1));
        var (sum, gradient) = Descend(batches[0], factors);
        foreach (var batch in batches.Skip(1))
        {
            var (further, addition) = Descend(batch, factors);
            Numbers.addTo(sum, further);
            Numbers.addTo(gradient, addition);
            addition.Dispose();
        }

        return (sum, gradient);
    }

    public void Dispose() => Optimizer.Dispose();

    private (Tensor Sum, Tensor Gradient) Descend(Batch batch, LossFactors factors)
    {
        using var scope = NewDisposeScope();
        var (losses, gradient) = Objective.descend(
            recompute, network.Architecture, network.Weights(), network.Parameters, factors, batch);
        return (losses.Query.MoveToOuterDisposeScope(), gradient.MoveToOuterDisposeScope());
    }
}
