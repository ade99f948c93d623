using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>
/// Lets another decoder fill the gaps, then goes over them again: each block of positions is drawn anew from its conditional
/// given all other tokens, which are one group, in a pass of its own. The least likely positions come first.
/// </summary>
internal sealed class RevisingDecoder : IDecoder
{
    /// <summary>Of the seeds derived from that of a run, those below this one are its sweeps'.</summary>
    private const long SweepPurpose = -2;

    private readonly IDecoder inner;
    private readonly Sampler sampler;
    private readonly RevisionOptions options;
    private readonly CommittedTokens tokens;
    private readonly int capacity;
    private readonly Dictionary<int, double> drawn = [];
    private readonly Queue<int[]> blocks = [];
    private int sweep;

    public RevisingDecoder(IDecoder inner, PartialSequence sequence, Sampler sampler, RevisionOptions options)
        : this(inner, sampler, options, sequence.Start(), sequence.Tokens.Length)
    {
    }

    private RevisingDecoder(IDecoder inner, Sampler sampler, RevisionOptions options, CommittedTokens tokens, int capacity) =>
        (this.inner, this.sampler, this.options, this.tokens, this.capacity) = (inner, sampler, options, tokens, capacity);

    public int Capacity => capacity;

    public bool IsDone => inner.IsDone && blocks.Count == 0;

    public PassRequest Request()
    {
        if (!inner.IsDone)
        {
            return inner.Request();
        }

        var block = blocks.Peek();
        int[] others = [.. Enumerable.Range(0, tokens.Length).Except(block)];
        return new(0, PartitionRows.Content(tokens.Tokens, others, 0), PartitionRows.Queries(block, 1));
    }

    public CommittedGroup? Commit(PassPredictions predictions) => inner.IsDone ? Revise(predictions) : Fill(predictions);

    public IDecoder Fork(Seed? seed)
    {
        var fork = new RevisingDecoder(inner.Fork(seed), sampler.Reseeded(seed), options, tokens.Copy(), capacity) { sweep = sweep };

        foreach (var (position, logProbability) in drawn)
        {
            fork.drawn.Add(position, logProbability);
        }

        foreach (var block in blocks)
        {
            fork.blocks.Enqueue(block);
        }

        return fork;
    }

    private CommittedGroup? Fill(PassPredictions predictions)
    {
        var commitment = inner.Commit(predictions);
        Keep(commitment);

        if (inner.IsDone)
        {
            BeginSweep();
        }

        return commitment;
    }

    private CommittedGroup Revise(PassPredictions predictions)
    {
        var seed = SeedModule.derive(SweepPurpose - sweep, sampler.Seed);
        var block = blocks.Peek();
        var resampled = predictions.Draw(block, sampler.Reseeded(seed), tokens.Reopened(block));
        blocks.Dequeue();
        var commitment = new CommittedGroup(resampled) { Sweep = sweep };
        Keep(commitment);

        if (blocks.Count == 0 && sweep < options.Sweeps)
        {
            BeginSweep();
        }

        return commitment;
    }

    private void Keep(CommittedGroup? commitment)
    {
        foreach (var token in commitment?.Tokens ?? [])
        {
            tokens.Commit(token.Position, token.Token, sampler.IsEnd(token.Token));
            drawn[token.Position] = token.LogProbability;
        }
    }

    private void BeginSweep()
    {
        sweep++;
        int[] positions =
        [
            .. drawn.Keys
                .Where(position => options.Positions?.Contains(position) != false)

                // The end of the text stays: what would stand behind it was never drawn.
                .Where(position => !sampler.IsEnd(tokens[position]))
                .OrderBy(position => drawn[position])
                .ThenBy(position => position),
        ];
        var count = (int)Math.Ceiling(options.Share * positions.Length);

        foreach (var block in positions.Take(count).Chunk(options.Block))
        {
            blocks.Enqueue([.. block.Order()]);
        }
    }
}
