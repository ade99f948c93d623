using A3.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>
/// Moves what trains of a network along the gradient of batches. Owns the optimizer, not the network; single-threaded.
/// </summary>
internal sealed class Learner(
    TrainedNetwork network,
    double weightDecay,
    double clip,
    bool recompute = false,
    Optimizer optimizer = Optimizer.AdamW,
    ParallelMicroBatches? microBatches = null,
    Teacher? teacher = null) : IDisposable
{
    private readonly FSharpOption<Teacher> teacher = teacher is null ? FSharpOption<Teacher>.None : FSharpOption<Teacher>.Some(teacher);
    private readonly ParallelMicroBatches microBatches = microBatches ?? new ParallelMicroBatches(1);

    public AdamW Optimizer { get; } = new(
        network.Parameters, network.Decaying, weightDecay, clip, optimizer == A3.Optimizer.Muon ? new Muon(network.Matrices, network.Computes) : null);

    /// <summary>
    /// One optimizer step along the gradient of the batches' loss: the weighted mean negative log-likelihood of all their targets times one weight, and
    /// that of their causal targets times the other; from a teacher they learn what it says in place of tokens. Each batch has its own
    /// forward and backward pass, as many at a time as micro-batches run, and their memory is free before the next. Gives the loss over the
    /// weights that took part (nats per token) and the norm of the gradient, [2], on the device; null where there is not a single target, and
    /// then nothing moves, neither weights nor moments.
    /// </summary>
    public Tensor? Step(IReadOnlyList<Batch> batches, double queryWeight, double contentWeight, double learningRate)
    {
        var weight = (Targets(batches) > 0 ? queryWeight : 0) + (CausalTargets(batches) > 0 ? contentWeight : 0);
        if (weight == 0)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        using var threads = microBatches.Limit();
        var (loss, gradient) = Gradient(batches, queryWeight, contentWeight);
        var norm = Optimizer.Step(learningRate, gradient);
        return stack([Numbers.scale(1 / weight, loss), norm]).MoveToOuterDisposeScope();
    }

    /// <summary>The batches' loss, a scalar, and its gradient, [parameters]. Batches that no loss counts in are not run.</summary>
    public (Tensor Loss, Tensor Gradient) Gradient(IReadOnlyList<Batch> batches, double queryWeight, double contentWeight)
    {
        var (targets, causal) = (Targets(batches), CausalTargets(batches));
        var factors = new LossFactors(targets > 0 ? queryWeight / targets : 0, contentWeight / Math.Max(causal, 1));
        (Tensor Loss, Tensor Gradient)? sum = null;
        foreach (var batch in batches.Where(batch => Counts(batch, factors)).Chunk(microBatches.Count))
        {
            foreach (var pass in microBatches.Run(batch.Length, i => Descend(batch[i], factors)))
            {
                sum = sum is { } before ? Added(before, pass) : pass;
            }
        }

        return sum!.Value;
    }

    public void Dispose() => Optimizer.Dispose();

    /// <summary>Whether a batch has a target of a loss that counts.</summary>
    private static bool Counts(Batch batch, LossFactors factors) =>
        (batch.TotalWeight > 0 && factors.Query > 0) || (batch.CausalTargets is not null && factors.Content > 0);

    /// <summary>The weight of all targets of the query stream.</summary>
    private static double Targets(IReadOnlyList<Batch> batches) => batches.Sum(batch => batch.TotalWeight);

    private static long CausalTargets(IReadOnlyList<Batch> batches) => batches.Sum(batch => batch.CausalTargets?.Value.shape[0] ?? 0);

    /// <summary>Always in the order of the batches, so that their number changes no bit.</summary>
    private static (Tensor Loss, Tensor Gradient) Added((Tensor Loss, Tensor Gradient) sum, (Tensor Loss, Tensor Gradient) pass)
    {
        Numbers.addTo(sum.Loss, pass.Loss);
        Numbers.addTo(sum.Gradient, pass.Gradient);
        pass.Loss.Dispose();
        pass.Gradient.Dispose();
        return sum;
    }

    private (Tensor Loss, Tensor Gradient) Descend(Batch batch, LossFactors factors)
    {
        using var scope = NewDisposeScope();
        var (loss, gradient) = Objective.valueAndGrad(recompute, network.Architecture, network.Weights(), teacher, network.Parameters, factors, batch);
        return (loss.MoveToOuterDisposeScope(), gradient.MoveToOuterDisposeScope());
    }
}
