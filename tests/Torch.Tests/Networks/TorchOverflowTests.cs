using TorchSharp;
using Xunit;

namespace A3.Torch.Tests;

using static A3.Tests.Overflowing;

/// <summary>Numbers that a number type cannot hold end a pass with an error that names the place, and leave no trace.</summary>
public sealed class TorchOverflowTests
{
    private static TorchNetwork Network(torch.ScalarType type, string tensor, float factor) =>
        RandomTorchNetwork.Create(Plain, type: type, weights: Weights(Plain, tensor, factor));

    [Theory]
    [InlineData(torch.ScalarType.Float32, "model.layers.1.mlp.down_proj.weight", 3e38f, "model.layers.1: activations overflow float32")]
    [InlineData(torch.ScalarType.BFloat16, "model.layers.1.mlp.down_proj.weight", 3e38f, "model.layers.1: activations overflow bfloat16, which holds numbers up to 3.4e38")]
    [InlineData(torch.ScalarType.Float16, "model.layers.1.mlp.down_proj.weight", 6e4f, "model.layers.1: activations overflow float16, which holds numbers up to 65504; compute in bfloat16 or float32.")]
    [InlineData(torch.ScalarType.Float16, "model.layers.0.self_attn.q_proj.weight", 6e4f, "model.layers.0: activations overflow float16")]
    public void Activations_that_overflow_name_their_layer_and_number_type(torch.ScalarType kind, string tensor, float factor, string message)
    {
        using var network = Network(kind, tensor, factor);
        Assert.StartsWith(message, Failure(network).Message);
        Assert.StartsWith(message, Failure(network, predicts: false).Message);
    }

    [Theory]
    [InlineData(torch.ScalarType.Float32, 3e38f)]
    [InlineData(torch.ScalarType.BFloat16, 3e38f)]
    [InlineData(torch.ScalarType.Float16, 6e4f)]
    public void Logits_that_overflow_name_the_output_head(torch.ScalarType kind, float factor)
    {
        using var network = Network(kind, "lm_head.weight", factor);
        var error = Failure(network);
        Assert.StartsWith("lm_head.weight: logits overflow ", error.Message);
        Assert.Equal("lm_head.weight", error.Place);
    }

    [Theory]
    [InlineData(torch.ScalarType.Float32)]
    [InlineData(torch.ScalarType.BFloat16)]
    public void Activations_whose_squares_overflow_are_not_normed_to_zero(torch.ScalarType kind)
    {
        using var network = Network(kind, "model.layers.0.mlp.down_proj.weight", 1e22f);
        Assert.StartsWith("model.layers.", Failure(network).Message);
    }

    [Fact]
    public void A_model_that_is_sound_in_float32_and_bfloat16_decodes_there()
    {
        foreach (var kind in new[] { torch.ScalarType.Float32, torch.ScalarType.BFloat16 })
        {
            using var model = new A3Model(Network(kind, "model.layers.1.mlp.down_proj.weight", 6e4f), TestModel.Tokenizer);
            Assert.All(model.Infill("Tom had {3} ball. He").Tokens, token => Assert.True(double.IsFinite(token.LogProbability ?? 0)));
        }
    }

    [Fact]
    public void Every_way_to_use_a_model_ends_with_the_error_and_a_batch_stays_as_it_was() =>
        AssertEveryWayEnds(Network(torch.ScalarType.Float16, "model.layers.0.mlp.down_proj.weight", 6e4f));
}
