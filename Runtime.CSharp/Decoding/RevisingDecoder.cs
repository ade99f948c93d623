namespace A3.Runtime;

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
    private readonly int[] tokens;
    private readonly Dictionary<int, double> drawn = [];
    private readonly Queue<int[]> blocks = [];
    private int sweep;

    public RevisingDecoder(IDecoder inner, Canvas canvas, Sampler sampler, RevisionOptions options)
        : this(inner, sampler, options, [.. canvas.Tokens])
    {
    }

    private RevisingDecoder(IDecoder inner, Sampler sampler, RevisionOptions options, int[] tokens) =>
        (this.inner, this.sampler, this.options, this.tokens) = (inner, sampler, options, tokens);

    public int Capacity => tokens.Length;

    public bool IsDone => inner.IsDone && blocks.Count == 0;

    public PassRequest Ask()
    {
        if (!inner.IsDone)
        {
            return inner.Ask();
        }

        var block = blocks.Peek();
        int[] others = [.. Enumerable.Range(0, tokens.Length).Except(block)];
        return new(0, PartitionRows.Content(tokens, others, 0), PartitionRows.Queries(block, 1));
    }

    public Commitment? Take(PassPredictions predictions) => inner.IsDone ? Revise(predictions) : Fill(predictions);

    public IDecoder Fork(Seed? seed)
    {
        var fork = new RevisingDecoder(inner.Fork(seed), sampler.Reseeded(seed), options, [.. tokens]) { sweep = sweep };

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

    private Commitment? Fill(PassPredictions predictions)
    {
        var commitment = inner.Take(predictions);
        Keep(commitment);

        if (inner.IsDone)
        {
            BeginSweep();
        }

        return commitment;
    }

    private Commitment Revise(PassPredictions predictions)
    {
        var seed = SeedModule.derive(SweepPurpose - sweep, sampler.Seed);
        var commitment = new Commitment(predictions.Draw(blocks.Peek(), sampler.Reseeded(seed))) { Sweep = sweep };
        blocks.Dequeue();
        Keep(commitment);

        if (blocks.Count == 0 && sweep < options.Sweeps)
        {
            BeginSweep();
        }

        return commitment;
    }

    private void Keep(Commitment? commitment)
    {
        foreach (var token in commitment?.Tokens ?? [])
        {
            tokens[token.Position] = token.Token;
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
