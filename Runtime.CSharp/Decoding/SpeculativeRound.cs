using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>
/// The state between rounds: how much of the order is committed, committed tokens whose content has not been run, and drafts
/// that rode along in the last verify pass. Not thread-safe.
/// </summary>
internal sealed class SpeculativeRound(Canvas canvas, int[] order, int window, SpeculativeRule rule)
{
    private ContentRow[] pending = PartitionRows.ContentBefore(canvas.FirstTarget, [.. canvas.Tokens], canvas.Partition);
    private Draft[] riding = [];

    /// <summary>Positions of the order that have their token.</summary>
    public int Committed { get; private set; }

    /// <summary>
    /// Drafts of the next window given everything committed: those that rode along, or those of a pass of their own.
    /// </summary>
    public Draft[] Drafts(CountedSequence sequence)
    {
        if (riding.Length > 0)
        {
            return riding;
        }

        var positions = Window(Committed);
        sequence.Forward(pending, PartitionRows.Queries(positions, Rank(Committed)));
        pending = [];
        return Read(positions, 0, sequence);
    }

    /// <summary>Keeps drafts up to the first rejection and redraws that one; a single draft needs no pass.</summary>
    public (ImmutableArray<DecodedToken> Tokens, int Accepted) Verify(Draft[] drafts, CountedSequence sequence)
    {
        ContentRow[] content =
        [
            .. drafts.Select((draft, i) => new ContentRow(draft.Drawn.Token, draft.Drawn.Position, Rank(Committed + i))),
        ];

        if (drafts.Length == 1)
        {
            (riding, pending) = ([], content);
            Committed++;
            return ([drafts[0].Drawn], 1);
        }

        var next = Window(Committed + drafts.Length);
        QueryRow[] queries =
        [
            .. drafts.Skip(1).Select((draft, i) => new QueryRow(draft.Drawn.Position, Rank(Committed + i + 1))),
            .. PartitionRows.Queries(next, Rank(Committed + drafts.Length)),
        ];
        var start = sequence.Length;
        sequence.Forward(next.Length > 0 ? content : content.AsSpan(..^1), queries);

        var (tokens, accepted) = Judge(drafts, sequence);
        Committed += tokens.Length;

        if (accepted < drafts.Length)
        {
            sequence.Crop(start + accepted);
            (riding, pending) = ([], [content[accepted] with { Token = tokens[^1].Token }]);
        }
        else
        {
            riding = Read(next, drafts.Length - 1, sequence);
        }

        return (tokens, accepted);
    }

    /// <summary>
    /// The first draft had the right condition; the others are verified by the rows of the last pass.
    /// </summary>
    private (ImmutableArray<DecodedToken> Tokens, int Accepted) Judge(Draft[] drafts, CountedSequence sequence)
    {
        var tokens = ImmutableArray.Create(drafts[0].Drawn).ToBuilder();

        for (var i = 1; i < drafts.Length; i++)
        {
            var (token, accepted) = rule.Verify(drafts[i], sequence.Logits(i - 1));
            tokens.Add(token);

            if (!accepted)
            {
                return (tokens.ToImmutable(), i);
            }
        }

        return (tokens.ToImmutable(), drafts.Length);
    }

    private int[] Window(int from) => order[from..Math.Min(order.Length, from + window)];

    private int Rank(int index) => canvas.FirstTarget + index;

    private Draft[] Read(int[] positions, int firstRow, CountedSequence sequence)
    {
        var drafts = new Draft[positions.Length];

        for (var i = 0; i < drafts.Length; i++)
        {
            drafts[i] = rule.Draw(positions[i], sequence.Logits(firstRow + i));
        }

        return drafts;
    }
}
