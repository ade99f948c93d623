using Xunit;

namespace A3.Runtime.Tests;

using A3.Model;
using static A3.Tests.Overflowing;

/// <summary>Numbers that float32 cannot hold end a pass with an error that names the place, and leave no trace.</summary>
public sealed class OverflowTests
{
    private static readonly Architecture Reference = RandomNetwork.With(Plain, residual: Residual.Reference);

    private static ManagedNetwork Network(string tensor, float factor, Architecture? architecture = null) =>
        new(architecture ?? Plain, Weights(architecture ?? Plain, tensor, factor), threads: 2);

    [Theory]
    [InlineData("model.layers.1.self_attn.o_proj.weight", 3e38f, "model.layers.1: activations overflow float32, which holds numbers up to 3.4e38")]
    [InlineData("model.layers.0.mlp.up_proj.weight", 3e38f, "model.layers.0: activations overflow float32")]
    [InlineData("model.layers.1.self_attn.v_proj.weight", 3e38f, "model.layers.1: activations overflow float32")]
    [InlineData("model.layers.0.post_attention_layernorm.weight", 1e38f, "model.layers.0: activations overflow float32")]
    public void Activations_that_overflow_name_their_layer_and_number_type(string tensor, float factor, string message)
    {
        using var network = Network(tensor, factor);
        Assert.StartsWith(message, Failure(network).Message);

        // Without predictions the last layer is run for its keys and values only.
        if (!tensor.Contains("layers.1"))
        {
            Assert.StartsWith(message, Failure(network, predicts: false).Message);
        }
    }

    [Fact]
    public void Logits_that_overflow_name_the_output_head()
    {
        using var network = Network("lm_head.weight", 3e38f);
        var error = Failure(network);
        Assert.StartsWith("lm_head.weight: logits overflow ", error.Message);
        Assert.Equal("lm_head.weight", error.Place);
    }

    [Fact]
    public void Activations_whose_squares_overflow_are_not_normed_to_zero()
    {
        using var network = Network("model.layers.0.mlp.down_proj.weight", 1e22f);
        Assert.StartsWith("model.layers.", Failure(network).Message);
    }

    [Fact]
    public void Nor_are_they_where_the_residual_is_normed()
    {
        using var network = Network("model.layers.0.self_attn.o_proj.weight", 1e22f, Reference);
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
    public void Every_way_to_use_a_model_ends_with_the_error_and_a_batch_stays_as_it_was() =>
        AssertEveryWayEnds(Network("model.layers.0.mlp.down_proj.weight", 3e38f));
}
