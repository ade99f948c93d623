using A3.Model.Tensors;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// The parameters of a network as one vector, and the optimizer that moves them along the gradient of batches. Owns both;
/// single-threaded.
/// </summary>
internal sealed class Learner : IDisposable
{
    private readonly Model.Architecture architecture;

    public Learner(Model.Architecture architecture, Tensor parameters, double weightDecay, double clip)
    {
        this.architecture = architecture;
        Parameters = parameters.DetachFromDisposeScope().requires_grad_();
        Optimizer = new AdamW(Parameters, WeightsModule.decayingCount(architecture), weightDecay, clip);
    }

    /// <summary>All parameters, decaying ones first: the leaf of the graph.</summary>
    public Tensor Parameters { get; }

    public AdamW Optimizer { get; }

    /// <summary>The network they make, as views that live as long as the caller's dispose scope.</summary>
    public Weights Weights() => WeightsModule.ofFlat(architecture, Parameters);

    /// <summary>
    /// One optimizer step along the gradient of the batches' loss: the weighted mean surprisal of all their targets times one weight, and
    /// that of their causal targets times the other. Each batch has its own forward and backward pass, and its memory is free before
    /// the next. Gives the query stream's mean surprisal and the norm of the gradient, [2], on the device.
    /// </summary>
    public Tensor Step(IReadOnlyList<Batch> batches, double queryWeight, double contentWeight, double learningRate)
    {
        using var scope = NewDisposeScope();
        var total = batches.Sum(batch => batch.TotalWeight);
        var causal = batches.Sum(batch => batch.CausalTargets?.Value.shape[0] ?? 0);
        var factors = new LossFactors(queryWeight / Math.Max(total, double.Epsilon), contentWeight / Math.Max(causal, 1));
        var (loss, gradient) = Descend(batches[0], factors);
        foreach (var batch in batches.Skip(1))
        {
            var (further, addition) = Descend(batch, factors);
            loss = Numbers.add(loss, further);
            Numbers.addTo(gradient, addition);
            addition.Dispose();
        }

        var norm = Optimizer.Step(learningRate, gradient);
        return stack([Numbers.scale(1 / total, loss), norm]).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Parameters.Dispose();
    }

    /// <summary>The query stream's sum of weighted surprisals, and the gradient of the batch.</summary>
    private (Tensor Loss, Tensor Gradient) Descend(Batch batch, LossFactors factors)
    {
        using var scope = NewDisposeScope();
        var (losses, gradient) = Objective.descend(architecture, Weights(), Parameters, factors, batch);
        return (losses.Query.MoveToOuterDisposeScope(), gradient.MoveToOuterDisposeScope());
    }
}
