using System.Collections.Immutable;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

/// <summary>Puts what was given and what was drawn together into a text; what was given stands as it was given.</summary>
internal sealed class TextAssembly(Vocabulary vocabulary, TextLayout layout, ImmutableArray<DecodingStep> steps)
{
    /// <summary>By position; what was revised counts as it stands last.</summary>
    private readonly Dictionary<int, (int Step, DecodedToken Token)> drawn =
        steps.SelectMany(step => step.Tokens.Select(token => (step.Step, Token: token)))
            .GroupBy(item => item.Token.Position)
            .ToDictionary(items => items.Key, items => items.Last());

    private readonly HashSet<int> open = [.. layout.Open];

    /// <summary>The tokens of the first positions; those still open mean nothing.</summary>
    public int[] Ids(int count) =>
        [.. layout.Tokens.Take(count).Select((token, position) => drawn.TryGetValue(position, out var item) ? item.Token.Token : token)];

    /// <summary>Replaces the log-probabilities that tokens had when they were drawn.</summary>
    public void Rescore(IEnumerable<TokenScore> scores)
    {
        foreach (var score in scores)
        {
            var (step, token) = drawn[score.Position];
            drawn[score.Position] = (step, token with { LogProbability = score.LogProbability });
        }
    }

    public DecodedText Assemble(Partition? partition, int passes)
    {
        var pieces = new TextPieces(vocabulary, layout);
        var text = pieces.Whole(Drawn);
        var tokens = Tokens();

        return new()
        {
            Text = text,
            Tokens = Agree(tokens, text) ? tokens : AsGiven(tokens, pieces),
            Gaps = [.. layout.Gaps.Select((gap, index) => Filled(gap, pieces.Gap(index, Drawn)))],
            Steps = steps,
            Partition = partition,
            Borders = [.. layout.Borders.Where(border => drawn.ContainsKey(border.Position))],
            IsCanonical = IsCanonical(tokens, text),
            ForwardPasses = passes,
        };
    }

    private static bool Agree(ImmutableArray<TextToken> tokens, string text) =>
        string.Concat(tokens.Select(token => token.Text)) == text;

    private int? Drawn(int position) => drawn.TryGetValue(position, out var item) ? item.Token.Token : null;

    private ImmutableArray<TextToken> Tokens()
    {
        var stream = new TextStream(vocabulary.Tokenizer, continuation: false);
        var tokens = ImmutableArray.CreateBuilder<TextToken>();

        for (var position = 0; position < layout.Tokens.Length; position++)
        {
            if (drawn.TryGetValue(position, out var item))
            {
                var token = item.Token.Token;
                tokens.Add(new(position, token, stream.Push(token), item.Step, item.Token.LogProbability));
            }
            else if (!open.Contains(position))
            {
                tokens.Add(new(position, layout.Tokens[position], stream.Push(layout.Tokens[position]), null, null));
            }
        }

        if (tokens.Count > 0)
        {
            tokens[^1] = tokens[^1] with { Text = tokens[^1].Text + stream.Finish() };
        }

        return tokens.ToImmutable();
    }

    /// <summary>
    /// The same where tokens do not spell given text as it is, because the tokenizer changes texts: the first token of each piece has its text.
    /// </summary>
    private ImmutableArray<TextToken> AsGiven(ImmutableArray<TextToken> tokens, TextPieces pieces)
    {
        var texts = new string[layout.Tokens.Length];
        Array.Fill(texts, "");
        var first = layout.FirstText;

        for (var gap = 0; gap <= layout.Gaps.Length; gap++)
        {
            var place = Math.Min(first, layout.Tokens.Length - 1);
            texts[place] += pieces.Given(gap);

            if (gap < layout.Gaps.Length)
            {
                texts[layout.Gaps[gap].First] += pieces.Gap(gap, Drawn);
                first = layout.Gaps[gap].End < layout.Tokens.Length ? layout.Gaps[gap].End : layout.Gaps[gap].End - 1;
            }
        }

        return [.. tokens.Select(token => token with { Text = texts[token.Position] })];
    }

    private FilledGap Filled(TextGap gap, string text) => new(
        gap.Start,
        gap.Length,
        text,
        Enumerable.Range(gap.First, gap.End - gap.First).Where(drawn.ContainsKey).Sum(position => drawn[position].Token.LogProbability));

    /// <summary>Whether the tokens are those that the tokenizer gives the text.</summary>
    private bool IsCanonical(ImmutableArray<TextToken> tokens, string text)
    {
        try
        {
            int[] spelt = [.. tokens.Skip(layout.FirstText).Select(token => token.Token).Where(vocabulary.IsText)];
            return vocabulary.Tokenizer.Encode(text, addBos: false).AsSpan().SequenceEqual(spelt);
        }
        catch (TokenizerException)
        {
            return false;
        }
    }
}
