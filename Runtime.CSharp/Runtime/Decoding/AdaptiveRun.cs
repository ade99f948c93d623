using System.Collections.Immutable;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>What an adaptive run knows: the tokens so far and the open positions; not thread-safe.</summary>
internal sealed class AdaptiveRun
{
    /// <summary>
    /// Of the seeds derived from that of a run, those of tokens are named by their positions, and this one is the
    /// policy's.
    /// </summary>
    private const long PolicyPurpose = -1;

    private readonly Policy.Adaptive policy;
    private readonly Sampler sampler;
    private readonly int total;
    private int step;

    public AdaptiveRun(PartialSequence sequence, Policy.Adaptive policy, Sampler sampler)
    {
        this.policy = policy;
        this.sampler = sampler;
        Committed = sequence.Start();
        Open = [.. PartitionModule.targets(sequence.Partition).SelectMany(group => group).Order()];
        total = Open.Length;
    }

    private AdaptiveRun(AdaptiveRun origin, Sampler sampler)
    {
        (policy, this.sampler, total, step) = (origin.policy, sampler, origin.total, origin.step);
        (Committed, Open) = (origin.Committed.Copy(), origin.Open);
    }

    public CommittedTokens Committed { get; }

    /// <summary>Positions without a token, ascending.</summary>
    public int[] Open { get; private set; }

    /// <summary>The open positions to ask the model about.</summary>
    public int[] Candidates() => PolicyModule.candidates(policy.window, Open);

    /// <summary>
    /// Chooses among the candidates, whose predictions are the rows from 0 on, draws a token for each chosen one and commits it.
    /// </summary>
    public ImmutableArray<DecodedToken> Commit(PassPredictions predictions)
    {
        var candidates = Candidates();
        var seed = SeedModule.derive(PolicyPurpose, sampler.Seed);
        var scores = predictions.Assess(candidates, sampler, Committed);
        var chosen = PolicyModule.choose(policy.Item1, policy.Item2, new(seed, step, total), scores);
        PredictedRow[] rows = [.. chosen.Select(position => new PredictedRow(Array.IndexOf(candidates, position), position))];

        var drawn = predictions.Draw(rows, sampler, Committed);
        step++;
        Open = Array.FindAll(Open, Committed.IsOpen);
        return drawn;
    }

    public AdaptiveRun Fork(Seed? seed) => new(this, sampler.Reseeded(seed));
}
