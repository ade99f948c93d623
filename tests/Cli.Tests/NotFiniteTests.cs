using Xunit;

namespace A3.Cli.Tests;

/// <summary>Models with numbers that are not finite, as the program meets them.</summary>
public sealed class NotFiniteTests : IDisposable
{
    private const string Tensor = "model.layers.0.mlp.down_proj.weight";

    private readonly Folder folder = new();
    private readonly string model;

    public NotFiniteTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    /// <summary>Uses of a model, but for its number type.</summary>
    private IEnumerable<string[]> Uses()
    {
        var rows = folder.File("rows.jsonl");
        File.WriteAllText(rows, "{\"template\": \"Tom had {3} ball. He\"}\n{\"template\": \"He {2} it.\"}\n");
        return
        [
            ["infill", "Tom had {3} ball. He"],
            ["infill", "Tom had {3} ball. He", "--policy", "entropy | constant 2", "--json"],
            ["infill", "Tom had {3} ball. He", "--speculative", "2"],
            ["infill", "Tom had {1..3} ball. He"],
            ["infill", "Tom had {3} ball. He", "--samples", "2"],
            ["generate", "Tom had", "--length", "3"],
            ["score", "Tom had a ball."],
            ["infill", "--batch", rows],
        ];
    }

    /// <summary>The same weights but for some tensors.</summary>
    private void Change(Func<float, float> change, params string[] more)
    {
        var numbers = new Dictionary<string, float[]>();
        Model.Configuration configuration;
        using (var checkpoint = Checkpoint.Open(model))
        {
            configuration = checkpoint.Configuration;
            foreach (var parameter in Model.ArchitectureModule.parameters(configuration.Architecture))
            {
                numbers[parameter.Name] = checkpoint[parameter.Name].ToFloats();
            }
        }

        foreach (var name in more.Append(Tensor))
        {
            numbers[name] = [.. numbers[name].Select(change)];
        }

        Checkpoint.Save(model, configuration, Dtype.Float32, (parameter, sink) => sink.Append(numbers[parameter.Name]));
    }

    [Theory]
    [InlineData("float32", float.NaN)]
    [InlineData("bfloat16", float.NaN)]
    [InlineData("float16", float.PositiveInfinity)]
    public void A_weight_that_is_not_finite_ends_every_command_with_its_tensor_and_nothing_written(string type, float number)
    {
        var first = true;
        Change(weight => first && !(first = false) ? number : weight);
        Assert.All(Uses(), use =>
        {
            var result = CommandLine.Run([.. use, "--model", model, "--dtype", type]);
            Assert.Equal((1, ""), (result.Code, result.Out));
            Assert.Contains($"model.safetensors: tensor {Tensor}: number 0 is {number}; weights must be finite", result.Error.ReplaceLineEndings(" "));
        });
    }

    [Fact]
    public void Activations_that_pass_65504_end_every_command_in_float16_with_their_layer_and_no_other_number_type()
    {
        Change(weight => weight * 1e4f, "model.layers.0.mlp.up_proj.weight");
        Assert.All(Uses(), use =>
        {
            var result = CommandLine.Run([.. use, "--model", model, "--dtype", "float16"]);
            Assert.Equal(1, result.Code);
            Assert.Contains("model.layers.0: activations overflow float16, which holds numbers up to 65504", result.Error + result.Out);
        });
        Assert.Equal("", CommandLine.Run(["infill", "Tom had {3} ball. He", "--model", model, "--dtype", "float16"]).Out);
        Assert.All(["float32", "bfloat16"], type =>
            Assert.Equal(0, CommandLine.Run(["infill", "Tom had {3} ball. He", "--model", model, "--dtype", type]).Code));
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    [InlineData("float16")]
    public void The_lowest_temperatures_draw_what_no_temperature_does(string type)
    {
        string Text(string temperature) =>
            CommandLine.Run(["infill", "Tom had {5} ball. He", "--model", model, "--dtype", type, "--temperature", temperature]).Out;
        var greedy = Text("0");
        Assert.NotEqual("", greedy);
        Assert.All(["1e-310", "1e-300", "1e-30"], temperature => Assert.Equal(greedy, Text(temperature)));
    }
}
