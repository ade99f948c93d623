using Xunit;

namespace A3.Tests;

using A3.Model;

/// <summary>Networks with one tensor so large that activations overflow, and what must come of it.</summary>
internal static class Overflowing
{
    public static readonly Architecture Plain = RandomNetwork.With(
        RandomNetwork.Kinds["untied"], vocabulary: TestModel.Tokenizer.VocabularySize);

    /// <summary>Random weights, those of one tensor multiplied.</summary>
    public static Func<string, float[]> Weights(Architecture architecture, string tensor, float factor)
    {
        var weights = RandomNetwork.Weights(architecture);
        return name => name == tensor ? [.. weights(name).Select(number => number * factor)] : weights(name);
    }

    /// <summary>What a pass over three rows ends with, twice the same; the sequence stays empty.</summary>
    public static A3Exception Failure(INetwork network, bool predicts = true)
    {
        using var sequence = network.Open(8);
        using var pass = network.NewPass();
        var content = new ContentRow[] { new(3, 0, 0), new(5, 1, 1), new(2, 2, 2) };
        PassRows rows = new(sequence, content, predicts ? new QueryRow[] { new(3, 3), new(4, 3) } : default, predicts ? 1 : 0);
        var error = Assert.ThrowsAny<A3Exception>(() => pass.Run([rows]));
        Assert.Equal(0, sequence.Length);
        Assert.Equal(error.Message, Assert.ThrowsAny<A3Exception>(() => pass.Run([rows])).Message);
        return error;
    }

    /// <summary>Whatever a model is used for ends with the error, and a batch stays as it was.</summary>
    public static void AssertEveryWayEnds(INetwork network)
    {
        using var model = new A3Model(network, TestModel.Tokenizer);
        var story = Template.Parse("Tom had {3} ball. He");
        DecodingOptions[] all =
        [
            new(), new() { Sampling = SamplingOptions.Greedy }, new() { Policy = A3.Policy.Parse("entropy | constant 2") },
            new() { SpeculativeWindow = 2 }, new() { Revision = new() }, new() { Reference = true },
        ];
        Action[] uses =
        [
            .. all.Select(options => (Action)(() => model.Infill(story, options))),
            () => model.Generate("Tom had", 3, new() { Causal = true }),
            () => model.Infill("Tom had {1..3} ball. He"),
            () => model.Score("Tom had a ball.", A3.Grouping.Parse("singletons")),
            () => model.ScoreCausal("Tom had a ball."),
            () => model.ScoreOrders("Tom had a ball.", 3),
            () => model.Rank(Template.Parse("Tom had ___ ball."), ["a", "the"]),
            () => model.Prepare(story).Start().Prefill(),
        ];
        Assert.All(uses, use => Assert.StartsWith("model.layers.0: activations overflow ", Assert.ThrowsAny<A3Exception>(use).Message));

        using var batch = model.Start(model.Prepare(story), model.Prepare(story));
        Assert.StartsWith("model.layers.0: ", Assert.ThrowsAny<A3Exception>(() => batch.Complete()).Message);
        Assert.All(batch.Sessions, session => Assert.Equal((0, 0, false), (session.Steps.Count, session.ForwardPasses, session.IsDone)));
    }
}
