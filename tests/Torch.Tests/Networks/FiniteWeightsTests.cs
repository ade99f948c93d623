using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Torch.Tests;

using A3.Model;

public sealed class FiniteWeightsTests
{
    /// <summary>Writes a fixture with one number of one tensor replaced.</summary>
    private static void Save(string directory, Dtype stored, string tensor, int place, float number)
    {
        using var original = Checkpoint.Open(Fixtures.Repository("two-stream-pre-norm"));
        Checkpoint.Save(directory, original.Configuration, stored, (parameter, sink) =>
        {
            var numbers = original[parameter.Name].ToFloats();
            if (parameter.Name == tensor)
            {
                numbers[place % numbers.Length] = number;
            }

            sink.Append(numbers);
        });
    }

    private static string[] Names()
    {
        using var checkpoint = Checkpoint.Open(Fixtures.Repository("two-stream-pre-norm"));
        return [.. ArchitectureModule.parameters(checkpoint.Configuration.Architecture).Select(parameter => parameter.Name)];
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_named_whatever_computes_with_it() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(
        Arb.From(
            from name in Gen.Elements(Names())
            from place in Gen.Choose(0, 1 << 20)
            from number in Gen.Elements(float.NaN, float.PositiveInfinity, float.NegativeInfinity)
            from stored in Gen.Elements<Dtype>(Dtype.Float32, Dtype.BFloat16, Dtype.Float16)
            from type in Gen.Elements(NumberType.Float32, NumberType.BFloat16, NumberType.Float16)
            select (name, place, number, stored, type)),
        given =>
        {
            using var folder = new Folder();
            Save(folder.Path, given.stored, given.name, given.place, given.number);
            using var checkpoint = Checkpoint.Open(folder.Path);
            var error = Assert.Throws<CheckpointException>(() => NetworkLoader.Load(checkpoint, new() { Precision = given.type, Threads = 1 }));
            Assert.Equal(given.name, error.Tensor);
            Assert.Contains("; weights must be finite", error.Message);
        }));

    [Theory]
    [InlineData(65519f, NumberType.Float16, null)]
    [InlineData(-65520f, NumberType.Float16, "number 5 is -65520; weights must be finite, and float16 holds numbers up to 65504: compute in bfloat16 or float32.")]
    [InlineData(3.3961e38f, NumberType.BFloat16, null)]
    [InlineData(3.4e38f, NumberType.BFloat16, "number 5 is 3.4E+38; weights must be finite, and bfloat16 holds numbers up to 3.4e38")]
    [InlineData(float.MaxValue, NumberType.Float32, null)]
    public void A_weight_that_the_number_type_cannot_hold_is_named(float number, NumberType type, string? message)
    {
        using var folder = new Folder();
        Save(folder.Path, Dtype.Float32, "model.norm.weight", 5, number);
        using var checkpoint = Checkpoint.Open(folder.Path);
        var error = Record.Exception(() => NetworkLoader.Load(checkpoint, new() { Precision = type, Threads = 1 }).Dispose());
        Assert.Equal(message is null, error is null);
        Assert.Contains(message ?? "", error?.Message ?? "");
    }

    [Theory]
    [InlineData("all")]
    [InlineData("lora")]
    [InlineData("*norm*")]
    public void Training_does_not_begin_with_a_weight_that_is_not_finite(string train)
    {
        using var folder = new Folder();
        const string Tensor = "model.layers.1.mlp.down_proj.weight";
        using (var original = Checkpoint.Open(ToyRun.Base(folder)))
        {
            Checkpoint.Save(folder.File("broken"), original.Configuration, Dtype.Float32, (parameter, sink) =>
            {
                var numbers = original[parameter.Name].ToFloats();
                numbers[^1] = parameter.Name == Tensor ? float.NaN : numbers[^1];
                sink.Append(numbers);
            });
        }

        File.Copy(folder.File("base/tokenizer.json"), folder.File("broken/tokenizer.json"));
        var options = ToyRun.Options(folder) with
        {
            Initial = folder.File("broken"),
            Tokenizer = null,
            Vocabulary = new TrainingOptions { Data = [""], Output = "" }.Vocabulary,
            Train = train,
        };
        var error = Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options));
        Assert.Contains($"tensor {Tensor}: number 1023 is NaN", error.Message, StringComparison.Ordinal);
    }
}
