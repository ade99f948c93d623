using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>Puts given and drawn tokens together into a text.</summary>
internal sealed class TextAssembly(ITokenizer tokenizer, EncodedTemplate template, ImmutableArray<DecodingStep> steps)
{
    private readonly Dictionary<int, (int Step, DecodedToken Token)> drawn =
        steps.SelectMany(step => step.Tokens.Select(token => (step.Step, Token: token)))
            .ToDictionary(item => item.Token.Position);

    private readonly HashSet<int> open = [.. template.Open];

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

    /// <summary>A text may end inside its last gap, at the token that ends texts.</summary>
    private ImmutableArray<TextToken> Tokens()
    {
        var stream = new TextStream(tokenizer, continuation: false);
        int[] positions =
        [
            .. Enumerable.Range(0, template.Tokens.Length)
                .Where(position => !open.Contains(position) || drawn.ContainsKey(position)),
        ];
        var tokens = ImmutableArray.CreateBuilder<TextToken>(positions.Length);

        foreach (var position in positions)
        {
            tokens.Add(drawn.TryGetValue(position, out var item)
                ? new(position, item.Token.Token, stream.Push(item.Token.Token), item.Step, item.Token.LogProbability)
                : new(position, template.Tokens[position], stream.Push(template.Tokens[position]), null, null));
        }

        tokens[^1] = tokens[^1] with { Text = tokens[^1].Text + stream.Finish() };
        return tokens.MoveToImmutable();
    }

    private FilledGap Filled((int Start, int Length) gap)
    {
        DecodedToken[] tokens =
            [.. Enumerable.Range(gap.Start, gap.Length).Where(drawn.ContainsKey).Select(position => drawn[position].Token)];
        int[] ids = [.. tokens.Select(token => token.Token)];

        // After BOS alone the gap begins the text, and its tokenizer may have put a space before it.
        var text = gap.Start == 1 ? tokenizer.Decode(ids) : tokenizer.DecodeContinuation(ids);
        return new(gap.Start, gap.Length, text, tokens.Sum(token => token.LogProbability));
    }
}
