using System.Collections.Immutable;

namespace A3.Runtime;

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
    private readonly Seed seed;
    private readonly double[] weights;
    private readonly int total;

    public AdaptiveRun(Canvas canvas, Policy.Adaptive policy, SamplingOptions sampling, Seed seed)
    {
        this.policy = policy;
        this.seed = SeedModule.derive(PolicyPurpose, seed);
        sampler = new(sampling, seed, canvas.Vocabulary);
        weights = new double[canvas.Vocabulary];
        Tokens = [.. canvas.Tokens];
        Open = [.. PartitionModule.targets(canvas.Partition).SelectMany(group => group).Order()];
        total = Open.Length;
    }

    public int[] Tokens { get; }

    /// <summary>Positions without a token, ascending.</summary>
    public int[] Open { get; private set; }

    /// <summary>The open positions to ask the model about.</summary>
    public int[] Candidates() => PolicyModule.candidates(policy.window, Open);

    /// <summary>
    /// Chooses among candidates whose logits are the rows of the last pass, draws a token for each chosen one and
    /// commits it.
    /// </summary>
    public ImmutableArray<DecodedToken> Commit(int step, int[] candidates, CountedSequence sequence)
    {
        var prospects = new Score[candidates.Length];

        for (var row = 0; row < candidates.Length; row++)
        {
            prospects[row] = Prospects.Of(candidates[row], sequence.Logits(row), weights);
        }

        var chosen = PolicyModule.choose(policy.Item1, policy.Item2, new(seed, step, total), prospects);
        var drawn = ImmutableArray.CreateBuilder<DecodedToken>(chosen.Length);

        foreach (var position in chosen)
        {
            drawn.Add(sampler.Draw(position, sequence.Logits(Array.IndexOf(candidates, position))));
        }

        var group = drawn.MoveToImmutable();
        PartitionRows.Commit(group, Tokens);
        Open = [.. Open.Except(chosen)];
        return group;
    }
}
