using A3.Runtime.Tests.Api;
using TorchSharp;
using Xunit;

namespace A3.Runtime.Tests;

using A3.Model;

/// <summary>Numbers that a number type cannot hold end a pass with an error that names the place, and leave no trace.</summary>
public sealed class OverflowTests
{
    private static readonly Architecture Plain = RandomNetwork.With(
        RandomNetwork.Kinds["untied"], vocabulary: TestModel.Tokenizer.VocabularySize);

    private static readonly Architecture Reference = RandomNetwork.With(Plain, residual: Residual.Reference);

    private static INetwork Network(string kind, string tensor, float factor, Architecture? architecture = null)
    {
        var shape = architecture ?? Plain;
        var weights = RandomNetwork.Weights(shape);
        float[] Scaled(string name) => name == tensor ? [.. weights(name).Select(number => number * factor)] : weights(name);
        return kind switch
        {
            "loops" => new ManagedNetwork(shape, Scaled, threads: 2),
            _ => RandomNetwork.OnTorch(shape, type: Enum.Parse<torch.ScalarType>(kind), weights: Scaled),
        };
    }

    private static A3Exception Failure(INetwork network, bool predicts = true)
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

    [Theory]
    [InlineData("loops", "model.layers.1.self_attn.o_proj.weight", 3e38f, "model.layers.1: activations overflow float32, which holds numbers up to 3.4e38")]
    [InlineData("loops", "model.layers.0.mlp.up_proj.weight", 3e38f, "model.layers.0: activations overflow float32")]
    [InlineData("loops", "model.layers.1.self_attn.v_proj.weight", 3e38f, "model.layers.1: activations overflow float32")]
    [InlineData("loops", "model.layers.0.post_attention_layernorm.weight", 1e38f, "model.layers.0: activations overflow float32")]
    [InlineData("Float32", "model.layers.1.mlp.down_proj.weight", 3e38f, "model.layers.1: activations overflow float32")]
    [InlineData("BFloat16", "model.layers.1.mlp.down_proj.weight", 3e38f, "model.layers.1: activations overflow bfloat16, which holds numbers up to 3.4e38")]
    [InlineData("Float16", "model.layers.1.mlp.down_proj.weight", 6e4f, "model.layers.1: activations overflow float16, which holds numbers up to 65504; compute in bfloat16 or float32.")]
    [InlineData("Float16", "model.layers.0.self_attn.q_proj.weight", 6e4f, "model.layers.0: activations overflow float16")]
    public void Activations_that_overflow_name_their_layer_and_number_type(string kind, string tensor, float factor, string message)
    {
        using var network = Network(kind, tensor, factor);
        Assert.StartsWith(message, Failure(network).Message);

        // Without predictions the last layer is run for its keys and values only.
        if (kind != "loops" || !tensor.Contains("layers.1"))
        {
            Assert.StartsWith(message, Failure(network, predicts: false).Message);
        }
    }

    [Theory]
    [InlineData("loops", 3e38f)]
    [InlineData("Float32", 3e38f)]
    [InlineData("BFloat16", 3e38f)]
    [InlineData("Float16", 6e4f)]
    public void Logits_that_overflow_name_the_output_head(string kind, float factor)
    {
        using var network = Network(kind, "lm_head.weight", factor);
        var error = Failure(network);
        Assert.StartsWith("lm_head.weight: logits overflow ", error.Message);
        Assert.Equal("lm_head.weight", error.Place);
    }

    [Theory]
    [InlineData("loops")]
    [InlineData("Float32")]
    [InlineData("BFloat16")]
    public void Activations_whose_squares_overflow_are_not_normed_to_zero(string kind)
    {
        using var network = Network(kind, "model.layers.0.mlp.down_proj.weight", 1e22f);
        Assert.StartsWith("model.layers.", Failure(network).Message);
    }

    [Fact]
    public void Nor_are_they_where_the_residual_is_normed()
    {
        using var network = Network("loops", "model.layers.0.self_attn.o_proj.weight", 1e22f, Reference);
        Assert.StartsWith("model.layers.0: ", Failure(network).Message);
    }

    [Fact]
    public void Scores_that_are_all_minus_infinity_are_not_taken_for_nothing_to_see()
    {
        // One key, whose score is the square of a number, times a negative one.
        var weights = RandomNetwork.Weights(Plain);
        float[] Negated(string name) => name switch
        {
            "model.layers.0.self_attn.q_proj.weight" => [.. weights("model.layers.0.self_attn.k_proj.weight").Select(number => 1e20f * number)],
            "model.layers.0.self_attn.k_proj.weight" => [.. weights(name).Select(number => -1e20f * number)],
            _ => weights(name),
        };
        using var network = new ManagedNetwork(Plain, Negated, threads: 1);
        using var sequence = network.Open(1);
        using var pass = network.NewPass();
        PassRows rows = new(sequence, new ContentRow[] { new(3, 0, 0) }, default, 1);
        Assert.StartsWith("model.layers.0: ", Assert.ThrowsAny<A3Exception>(() => pass.Run([rows])).Message);
    }

    [Fact]
    public void A_model_that_is_sound_in_float32_and_bfloat16_decodes_there()
    {
        foreach (var kind in new[] { "loops", "Float32", "BFloat16" })
        {
            using var model = new A3Model(Network(kind, "model.layers.1.mlp.down_proj.weight", 6e4f), TestModel.Tokenizer);
            Assert.All(model.Infill("Tom had {3} ball. He").Tokens, token => Assert.True(double.IsFinite(token.LogProbability ?? 0)));
        }
    }

    [Theory]
    [InlineData("loops", 3e38f)]
    [InlineData("Float16", 6e4f)]
    public void Every_way_to_use_a_model_ends_with_the_error_and_a_batch_stays_as_it_was(string kind, float factor)
    {
        using var model = new A3Model(Network(kind, "model.layers.0.mlp.down_proj.weight", factor), TestModel.Tokenizer);
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
