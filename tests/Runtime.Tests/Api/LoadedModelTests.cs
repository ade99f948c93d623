using System.Text.Json;
using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class LoadedModelTests
{
    [Fact]
    public void A_trained_llama_generates_the_text_of_its_reference_ids()
    {
        var directory = Fixtures.Shared("stories260K");
        using var model = A3Model.Load(directory, new() { Device = Device.Cpu, Threads = 1 });
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "expected.json")));
        var given = expected.RootElement.GetProperty("cases")[0];
        int[] ids =
        [
            .. given.GetProperty("ids").EnumerateArray().Concat(given.GetProperty("greedy_continuation_ids").EnumerateArray())
                .Select(id => id.GetInt32()),
        ];
        var text = model.Generate(given.GetProperty("text").GetString()!, 40, new() { Sampling = SamplingOptions.Greedy });

        Assert.Equal(model.Tokenizer.Decode(ids.AsSpan(..text.Tokens.Length)), text.Text);
        Assert.Equal(text.Text.Length, model.ScoreCausal(text.Text).Bytes);
        Assert.Equal(text.Gaps[0].Text, text.Text["Once upon a time".Length..]);
    }

    [Fact]
    public void Weights_and_tokenizer_must_belong_together()
    {
        var directory = Fixtures.Shared("stories260K");
        using var folder = new Folder();
        File.Copy(Path.Combine(Fixtures.Repository("two-stream-pre-norm"), "config.json"), folder.File("config.json"));
        File.Copy(Path.Combine(Fixtures.Repository("two-stream-pre-norm"), "model.safetensors"), folder.File("model.safetensors"));
        File.Copy(Path.Combine(directory, "tokenizer.json"), folder.File("tokenizer.json"));

        Assert.Contains(
            "the tokenizer has ids up to 511, but the weights know only 0..96",
            Assert.ThrowsAny<A3Exception>(() => A3Model.Load(folder.Path)).Message);
    }

    [Theory]
    [InlineData(Device.Cuda, NumberType.Float32, "device = cuda needs the package A3.Torch")]
    [InlineData(Device.Cpu, NumberType.BFloat16, "precision = bfloat16 on the CPU needs the package A3.Torch")]
    public void What_libtorch_runs_names_its_package_where_it_is_missing(Device device, NumberType precision, string message)
    {
        var options = new LoadOptions { Device = device, Precision = precision };

        Assert.StartsWith(
            message, Assert.ThrowsAny<A3Exception>(() => A3Model.Load(Fixtures.InRepository("experiments", "models", "tinystories-a3"), options)).Message, StringComparison.Ordinal);
    }
}
