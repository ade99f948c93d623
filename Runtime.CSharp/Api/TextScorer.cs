using System.Collections.Immutable;

namespace A3.Runtime;

using A3.Model;

/// <summary>Turns texts into scorings, runs them together, and gives scores back.</summary>
internal sealed class TextScorer(INetwork network, ITokenizer tokenizer)
{
    /// <summary>Texts, each with the partition of its tokens.</summary>
    public ImmutableArray<TextScore> Score(
        IReadOnlyList<(int[] Tokens, Partition Partition)> texts, CancellationToken cancellation)
    {
        IScoring[] scorings =
            [.. texts.Select(text => Scorer.Of(Canvas.ToScore(network, text.Tokens, text.Partition)))];
        return
        [
            .. Scorer.ScoreAll(network, scorings, cancellation)
                .Zip(texts, (scores, text) => new TextScore(scores, Bytes(scores), new(text.Partition))),
        ];
    }

    /// <summary>Left to right through the content stream.</summary>
    public TextScore ScoreCausal(int[] tokens, CancellationToken cancellation)
    {
        var beginning = tokenizer.Prefix.Count;
        var scores = Scorer.ScoreCausal(network, tokens, Math.Max(1, beginning), cancellation);
        return new(scores, Bytes(scores, beginning), null) { Given = beginning == 0 && tokens.Length > 0 ? tokens[0] : null };
    }

    /// <summary>
    /// log p of some tokens given others; those that are neither are left out, as if nobody had written them yet. The groups are
    /// those that the grouping gives the whole sequence, without the positions that are not asked about.
    /// </summary>
    public TextScore Score(
        int[] tokens,
        IReadOnlySet<int> targets,
        IReadOnlySet<int> given,
        Grouping grouping,
        CancellationToken cancellation)
    {
        network.RequireQueryStream();
        network.RequireFits(tokens.Length);
        Require(tokens.Length, targets, given);
        var shape = ShapeModule.given(given.Order(), ShapeModule.ofLength(tokens.Length));
        var partition = GroupingModule.resolve(shape, grouping);
        var ranks = PartitionModule.groupOf(partition);

        ContentRow Row(int position)
        {
            network.RequireToken(tokens[position], position);
            return new(tokens[position], position, ranks[position]);
        }

        ContentRow[] scored = [.. targets.Order().Select(Row)];
        ContentRow[] content = [.. given.Order().Select(Row), .. scored];
        var scoring = new Scoring(content, scored, DecodeLoop.RowsPerPass(network.Architecture.Vocabulary));
        var scores = Scorer.ScoreAll(network, [scoring], cancellation)[0];
        return new(scores, Bytes(scores), null);
    }

    private static void Require(int length, IReadOnlySet<int> targets, IReadOnlySet<int> given)
    {
        foreach (var position in targets.Concat(given).Where(position => position < 0 || position >= length))
        {
            throw new ArgumentException($"position {position}, but there are {length} tokens, counted from 0.");
        }

        foreach (var position in targets.Where(given.Contains))
        {
            throw new ArgumentException(
                $"position {position} is scored and given; the two sets must be disjoint.", nameof(given));
        }
    }

    /// <summary>Of the scored tokens, without the space that some tokenizers put before a text.</summary>
    private int Bytes(ImmutableArray<TokenScore> scores, int beginning = 1) => scores.Sum(score =>
    {
        var bytes = tokenizer.TokenBytes(score.Token).Span;
        return bytes.Length - (score.Position == beginning && tokenizer.AddsLeadingSpace && bytes.StartsWith(" "u8) ? 1 : 0);
    });
}
