using Xunit;

namespace A3.Runtime.Tests.Texts;

/// <summary>Laws 10, 13 and 16 over random cuts of stories, for every kind of tokenizer, policy and algorithm.</summary>
public sealed class GivenTextTests
{
    public static readonly TheoryData<string> Kinds = [.. TextSamples.Kinds];

    [Theory(DisplayName = "Law 13: given parts and fills, joined, are the whole text, byte for byte, and valid UTF-8")]
    [MemberData(nameof(Kinds))]
    public void GivenTextStays(string kind) => ForAll(kind, 120, (model, template, options) =>
    {
        var run = model.Prepare(template, options);
        var view = run.StreamText();
        var steps = new List<DecodingStep>();
        var streamed = view.Push(null);

        foreach (var step in run.Steps())
        {
            steps.Add(step);
            streamed += view.Push(step);
        }

        var text = run.Complete(steps);
        var givens = template.Givens();
        var joined = string.Concat(givens.Select((given, i) => given + (i < text.Gaps.Length ? text.Gaps[i].Text : "")));

        Assert.Equal(joined, text.Text);
        Assert.Equal(text.Text, string.Concat(text.Tokens.Select(token => token.Text)));
        Assert.All(text.Gaps, gap => Assert.DoesNotContain('\ufffd', gap.Text));
        Assert.True(options.Revision is not null || streamed + view.Finish() == text.Text, "what was streamed is the text");
    });

    [Theory(DisplayName = "Law 10: a decoded text, its score and its replay have one log-probability, opened positions and borders included")]
    [MemberData(nameof(Kinds))]
    public void OneLogProbability(string kind) => ForAll(kind, 80, (model, template, options) =>
    {
        var text = model.Infill(template, options);

        if (text.Partition is null)
        {
            return;
        }

        int[] tokens = [.. text.Tokens.Select(token => token.Token)];
        Assert.Equal(text.LogProbability, model.Score(text).LogProbability, 1e-6);
        Assert.Equal(text.LogProbability, text.Gaps.Sum(gap => gap.LogProbability), 1e-9);

        if (options is { Revision: null, SpeculativeWindow: null })
        {
            var replay = model.Replay(text, options).Complete();
            Assert.Equal(tokens, replay.Tokens.Select(token => token.Token));
            Assert.Equal(text.LogProbability, replay.LogProbability, 1e-6);
            Assert.Equal(text.Text, replay.Text);
        }
    });

    [Theory(DisplayName = "Law 16: the end is the last token, is counted once, and stands only where nothing behind it was committed")]
    [MemberData(nameof(Kinds))]
    public void TheEndIsTheEnd(string kind)
    {
        var ended = 0;
        ForAll(kind, 100, tail: 30, check: (model, template, options) =>
        {
            var text = model.Infill(template, options);
            var ids = text.Tokens.Select(token => token.Token).ToArray();
            var drawn = text.Steps.Where(step => step.Sweep is null).SelectMany(step => step.Tokens).Select(token => token.Position).ToArray();

            Assert.Equal(Enumerable.Range(0, text.Tokens.Length), text.Tokens.Select(token => token.Position));
            Assert.DoesNotContain(ids.Skip(1).SkipLast(1), model.Tokenizer.EosIds.Contains);
            Assert.Equal(drawn.Length, drawn.Distinct().Count());
            Assert.All(drawn, position => Assert.InRange(position, 1, text.Tokens.Length - 1));
            ended += model.Tokenizer.EosIds.Contains(ids[^1]) ? 1 : 0;
        });
        Assert.True(ended > 0 || TextSamples.Models[kind].Tokenizer.EosIds.Count == 0, "some text ended");
    }

    [Theory(DisplayName = "A forbidden text stands in no fill, however tokens and groups spell it")]
    [MemberData(nameof(Kinds))]
    public void Forbidden(string kind) => ForAll(kind, 60, (model, template, options) =>
    {
        string[] forbidden = ["e", "th", " a", "in", ".\"", "he", "o\n", "世"];
        var text = Fill(model, template, options with { ForbiddenTexts = [.. forbidden] });
        var at = 0;

        foreach (var (index, given) in template.Givens().Index().Where(_ => text is not null))
        {
            at += given.Length;
            var end = index < text!.Gaps.Length ? at + text.Gaps[index].Text.Length : at;

            foreach (var part in forbidden)
            {
                var from = Math.Max(0, at - part.Length + 1);
                var around = text.Text[from..Math.Min(text.Text.Length, end + part.Length - 1)];
                Assert.True(at == end || !around.Contains(part, StringComparison.Ordinal), $"'{part}' in '{around}'");
            }

            at = end;
        }
    });

    [Theory(DisplayName = "Law 12: rows of a batch give what each gives alone, with borders, ends and forbidden texts")]
    [MemberData(nameof(Kinds))]
    public void Batched(string kind)
    {
        var model = TextSamples.Models[kind];
        var random = new Random(8);
        var runs = new List<DecodingRun>();

        while (runs.Count < 24)
        {
            try
            {
                runs.Add(model.Prepare(TextSamples.Template(random), TextSamples.Options(random) with { ForbiddenTexts = ["e"] }));
            }
            catch (RequestException)
            {
                // A gap of length 0 where no token goes on.
            }
        }

        using var batch = model.Start(runs);
        Assert.Equal(
            runs.Select(run => (run.Complete().Text, run.Complete().LogProbability)),
            batch.Complete().Select(text => (text.Text, text.LogProbability)));
    }

    [Theory(DisplayName = "Read causally, a beginning cut anywhere stays, and its word may go on")]
    [MemberData(nameof(Kinds))]
    public void Causal(string kind) => ForAll(kind, 60, isCausal: true, check: (model, template, options) =>
    {
        var causal = new DecodingOptions { Causal = true, Seed = options.Seed, Sampling = options.Sampling };
        var text = model.Infill(template, causal);

        Assert.Equal(template.Givens()[0] + text.Gaps[0].Text, text.Text);
        Assert.DoesNotContain('\ufffd', text.Gaps[0].Text);
        Assert.DoesNotContain(text.Tokens.Skip(1).SkipLast(1), token => model.Tokenizer.EosIds.Contains(token.Token));
    });

    private static void ForAll(
        string kind, int count, Action<A3Model, Template, DecodingOptions> check, bool isCausal = false, int tail = 0)
    {
        var model = TextSamples.Models[kind];
        var random = new Random(kind.Length + count);

        for (var i = 0; i < TextSamples.Count(count); i++)
        {
            var parts = TextSamples.Template(random, isCausal).Parts;
            var template = Template.Of(tail == 0 ? parts : [.. parts, TemplatePart.Gap(tail)]);
            var options = TextSamples.Options(random);

            try
            {
                check(model, template, options);
            }
            catch (RequestException error) when (
                error.Message.Contains("has length 0", StringComparison.Ordinal) || error.Message.Contains("in gaps", StringComparison.Ordinal)
                || error.Message.Contains("has no text right behind it", StringComparison.Ordinal))
            {
                // No token of this vocabulary goes on from the text beside a gap of length 0; or too long, or of unknown length with nothing behind.
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{kind} {i}: {template} with {options}: {error.Message}", error);
            }
        }
    }

    /// <summary>Null where the constraints of neighbours leave a position no token, which is an error that names it.</summary>
    private static DecodedText? Fill(A3Model model, Template template, DecodingOptions options)
    {
        try
        {
            return model.Infill(template, options);
        }
        catch (RequestException error) when (error.Message.Contains("no token may stand here", StringComparison.Ordinal))
        {
            return null;
        }
    }
}
