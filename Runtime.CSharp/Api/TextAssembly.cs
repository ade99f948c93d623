using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>Puts given and drawn tokens together into a text.</summary>
internal sealed class TextAssembly(ITokenizer tokenizer, EncodedTemplate template, ImmutableArray<DecodingStep> steps)
{
    private readonly Dictionary<int, (int Step, DecodedToken Token)> drawn =
        steps.SelectMany(step => step.Tokens.Select(token => (step.Step, Token: token)))
            .ToDictionary(item => item.Token.Position);

    private readonly HashSet<int> open = [.. template.Open];

    /// <summary>Behind it nothing is given, so a text may end there.</summary>
    private readonly int lastGiven = Enumerable.Range(0, template.Tokens.Length).Except(template.Open).Max();

    public DecodedText Assemble(Partition? partition)
    {
        var tokens = Tokens();

        return new()
        {
            Text = string.Concat(tokens.Select(token => token.Text)),
            Tokens = tokens,
            Gaps = [.. template.Gaps.Select(Filled)],
            Steps = steps,
            Partition = partition,
        };
    }

    /// <summary>
    /// A text may end inside its last gap, at the token that ends texts: what was drawn behind it has no text.
    /// </summary>
    private ImmutableArray<TextToken> Tokens()
    {
        var stream = new TextStream(tokenizer, continuation: false);
        int[] positions =
        [
            .. Enumerable.Range(0, template.Tokens.Length)
                .Where(position => !open.Contains(position) || drawn.ContainsKey(position)),
        ];
        var tokens = ImmutableArray.CreateBuilder<TextToken>(positions.Length);

        var ended = false;

        foreach (var position in positions)
        {
            if (!drawn.TryGetValue(position, out var item))
            {
                tokens.Add(new(position, template.Tokens[position], stream.Push(template.Tokens[position]), null, null));
                continue;
            }

            ended |= Ends(position, item.Token.Token);
            var text = ended ? "" : stream.Push(item.Token.Token);
            tokens.Add(new(position, item.Token.Token, text, item.Step, item.Token.LogProbability));
        }

        tokens[^1] = tokens[^1] with { Text = tokens[^1].Text + stream.Finish() };
        return tokens.MoveToImmutable();
    }

    private FilledGap Filled((int Start, int Length) gap)
    {
        DecodedToken[] tokens =
            [.. Enumerable.Range(gap.Start, gap.Length).Where(drawn.ContainsKey).Select(position => drawn[position].Token)];
        int[] ids = [.. tokens.TakeWhile(token => !Ends(token.Position, token.Token)).Select(token => token.Token)];

        // After BOS alone the gap begins the text, and its tokenizer may have put a space before it.
        var text = gap.Start == 1 ? tokenizer.Decode(ids) : tokenizer.DecodeContinuation(ids);
        return new(gap.Start, gap.Length, text, tokens.Sum(token => token.LogProbability));
    }

    private bool Ends(int position, int token) => position > lastGiven && token == tokenizer.EosId;
}
