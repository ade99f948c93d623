using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>Puts given and drawn tokens together into a text.</summary>
internal sealed class TextAssembly(ITokenizer tokenizer, EncodedTemplate template, ImmutableArray<DecodingStep> steps)
{
    /// <summary>By position; what was revised counts as it stands last.</summary>
    private readonly Dictionary<int, (int Step, DecodedToken Token)> drawn =
        steps.SelectMany(step => step.Tokens.Select(token => (step.Step, Token: token)))
            .GroupBy(item => item.Token.Position)
            .ToDictionary(items => items.Key, items => items.Last());

    private readonly HashSet<int> open = [.. template.Open];

    /// <summary>One per position; those still open mean nothing.</summary>
    public int[] Ids =>
        [.. template.Tokens.Select((token, position) => drawn.TryGetValue(position, out var item) ? item.Token.Token : token)];

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
        var tokens = Tokens();

        return new()
        {
            Text = string.Concat(tokens.Select(token => token.Text)),
            Tokens = tokens,
            Gaps = [.. template.Gaps.Select(Filled)],
            Steps = steps,
            Partition = partition,
            ForwardPasses = passes,
        };
    }

    private ImmutableArray<TextToken> Tokens()
    {
        var writer = new TokenWriter(tokenizer, template);
        int[] positions =
        [
            .. Enumerable.Range(0, template.Tokens.Length)
                .Where(position => !open.Contains(position) || drawn.ContainsKey(position)),
        ];
        var tokens = ImmutableArray.CreateBuilder<TextToken>(positions.Length);

        foreach (var position in positions)
        {
            if (drawn.TryGetValue(position, out var item))
            {
                var token = item.Token.Token;
                tokens.Add(new(position, token, writer.Write(position, token), item.Step, item.Token.LogProbability));
            }
            else
            {
                var token = template.Tokens[position];
                tokens.Add(new(position, token, writer.Write(position, token), null, null));
            }
        }

        tokens[^1] = tokens[^1] with { Text = tokens[^1].Text + writer.Finish() };
        return tokens.MoveToImmutable();
    }

    private FilledGap Filled((int Start, int Length) gap)
    {
        var writer = new TokenWriter(tokenizer, template);
        DecodedToken[] tokens =
            [.. Enumerable.Range(gap.Start, gap.Length).Where(drawn.ContainsKey).Select(position => drawn[position].Token)];
        int[] ids = [.. tokens.TakeWhile(token => !writer.Ends(token.Position, token.Token)).Select(token => token.Token)];

        // After BOS alone the gap begins the text, and its tokenizer may have put a space before it.
        var text = gap.Start == template.Beginning ? tokenizer.Decode(ids) : tokenizer.DecodeContinuation(ids);
        return new(gap.Start, gap.Length, text, tokens.Sum(token => token.LogProbability));
    }
}
