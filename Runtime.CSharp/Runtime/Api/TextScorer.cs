using System.Collections.Immutable;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using A3.Runtime.Scoring;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

using A3.Model;

/// <summary>Turns texts into scorings, runs them together, and gives scores back.</summary>
internal sealed class TextScorer(INetwork network, Vocabulary vocabulary, CacheBudget budget)
{
    /// <summary>Layouts whose tokens are all known, each with the partition of its tokens.</summary>
    public ImmutableArray<TextScore> Score(
        IReadOnlyList<(TextLayout Layout, Partition Partition)> texts, CancellationToken cancellation)
    {
        IScoring[] scorings =
        [
            .. texts.Select(text => Scorer.Of(
                PartialSequence.ToScore(network, text.Layout.Tokens.AsSpan(), text.Partition),
                text.Layout.Borders.IsEmpty ? null : new(vocabulary, text.Layout.Borders))),
        ];
        return
        [
            .. Scorer.ScoreAll(network, scorings, cancellation, budget).Zip(texts, (scores, text) =>
                new TextScore(scores, text.Layout.Bytes ?? Bytes(scores, text.Layout), new(text.Partition))
                {
                    Ids = text.Layout.Tokens,
                    Borders = text.Layout.Borders,
                }),
        ];
    }

    /// <summary>Left to right through the content stream, from the second token on where no first token is before the text.</summary>
    public TextScore ScoreCausal(TextLayout layout, CancellationToken cancellation)
    {
        var scores = Scorer.ScoreCausal(network, layout.Tokens.AsSpan(), Math.Max(1, layout.FirstText), budget, cancellation);
        return new(scores, Bytes(scores, layout), null)
        {
            Ids = layout.Tokens,
            Given = layout.FirstText == 0 && layout.Tokens.Length > 0 ? layout.Tokens[0] : null,
        };
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
        var shape = SequenceLayoutModule.given(given.Order(), SequenceLayoutModule.ofLength(tokens.Length));
        var partition = GroupingModule.resolve(shape, grouping);
        var ranks = PartitionModule.groupOf(partition);

        ContentRow Row(int position)
        {
            network.RequireToken(tokens[position], position);
            return new(tokens[position], position, ranks[position]);
        }

        ContentRow[] scored = [.. targets.Order().Select(Row)];
        ContentRow[] content = [.. given.Order().Select(Row), .. scored];
        var scoring = new QueryScoring(content, scored, DecodeLoop.RowsPerPass(network.Architecture.Vocabulary));
        var scores = Scorer.ScoreAll(network, [scoring], cancellation, budget)[0];
        var layout = TextLayout.Of(tokens, targets.Contains, [], FirstText(tokens));
        return new(scores, Bytes(scores, layout), null) { Ids = [.. tokens] };
    }

    /// <summary>How many of the first tokens are no text.</summary>
    public int FirstText(IReadOnlyList<int> tokens) => tokens.Count > 0 && !vocabulary.IsText(tokens[0]) ? 1 : 0;

    private static void Require(int length, IReadOnlySet<int> targets, IReadOnlySet<int> given)
    {
        foreach (var position in targets.Concat(given).Where(position => position < 0 || position >= length))
        {
            throw new RequestException($"position {position}, but there are {length} tokens, counted from 0.");
        }

        foreach (var position in targets.Where(given.Contains))
        {
            throw new RequestException($"position {position} is scored and given; the two sets must be disjoint.");
        }
    }

    /// <summary>
    /// Of the scored tokens, without those that are given at borders and without the space that some tokenizers put before a text.
    /// </summary>
    private int Bytes(ImmutableArray<TokenScore> scores, TextLayout layout)
    {
        var given = layout.Borders.ToLookup(border => (border.Position, border.Side), border => border.Bytes.Length);
        return scores.Sum(score =>
        {
            var bytes = vocabulary.Bytes(score.Token);
            var added = score.Position == layout.FirstText && vocabulary.Tokenizer.AddsLeadingSpace && bytes.StartsWith(" "u8) ? 1 : 0;

            // What is given before a token begins with that space; what is given behind it comes beside.
            var before = given[(score.Position, BorderSide.Before)].Sum();
            return bytes.Length - Math.Max(added, before) - given[(score.Position, BorderSide.Behind)].Sum();
        });
    }
}
