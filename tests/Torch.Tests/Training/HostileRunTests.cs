using System.Text.Json.Nodes;
using Xunit;

namespace A3.Torch.Tests.Training;

/// <summary>Directories that hold something else than a run of ours wrote there.</summary>
public sealed class HostileRunTests : IDisposable
{
    private readonly Folder folder = new();

    public static TheoryData<string, string> Costly => new()
    {
        { "", "config.json" }, { "", "model.safetensors" }, { "", "model-00001-of-00002.safetensors" }, { "", "pytorch_model.bin" }, { "", "weights.gguf" },
        { "", "tokenizer.json" }, { "", "tokenizer.model" }, { "", "metrics.jsonl" }, { "best", "model.safetensors" }, { "best", "validation.json" },
    };

    [Theory]
    [MemberData(nameof(Costly))]
    public void WhatCostWorkIsNotOverwritten(string place, string name)
    {
        var options = ToyRun.Short(folder);
        Directory.CreateDirectory(Path.Combine(options.Output, place));
        File.WriteAllText(Path.Combine(options.Output, place, name), "dear");
        var before = ToyRun.Contents(options.Output);
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Start(options, TestContext.Current.CancellationToken));
        Assert.Equal($"{options.Output} holds {Path.Combine(place, name)}, which a run would overwrite: give another directory.", error.Message);
        Assert.Equal(before, ToyRun.Contents(options.Output));
    }

    [Fact]
    public void ACheckpointIsNotItsOwnSuccessor()
    {
        var first = ToyRun.Short(folder, "first");
        ToyRun.Train(first);
        var published = folder.File("published");
        Directory.CreateDirectory(published);
        foreach (var name in new[] { "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "training.lock" })
        {
            File.Copy(Path.Combine(first.Output, name), Path.Combine(published, name));
        }

        var before = ToyRun.Contents(published);
        var options = ToyRun.Short(folder) with { Initial = published, Output = published };
        Assert.Contains("holds config.json, which a run would overwrite", Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options)).Message);
        Assert.Contains("already holds a training run", Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options with { Output = first.Output })).Message);
        Assert.Equal(before, ToyRun.Contents(published));
    }

    [Fact]
    public void AFileIsNoDirectory()
    {
        var options = ToyRun.Short(folder);
        Assert.Equal($"{options.Data[0]}: a file; a run needs a directory.", Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options with { Output = options.Data[0] })).Message);
    }

    [Fact]
    public void WhatCannotWorkIsRefusedBeforeAnythingIsRead()
    {
        var options = ToyRun.Short(folder);
        string Refused(TrainingOptions broken) => Assert.ThrowsAny<Exception>(() => Trainer.Start(broken, new Silence(), TestContext.Current.CancellationToken)).Message;
        Assert.Equal(
            "2687606784 numbers would train, and a training state holds 2147483591 at most: train fewer of them (--train lora), or a smaller network (--width, --layers, --vocabulary).",
            Refused(options with { Width = 4096, Layers = 12, Heads = 32, Vocabulary = 65536 }));
        Assert.StartsWith(
            "Context = 46341: must be in 8..46340 tokens: a mask of more rows has over 2147483647 entries.", Refused(options with { Context = 46341, BatchTokens = 1 << 20 }));
        Assert.Equal($"{folder.File("none.txt")}: holds nothing; ", Refused(options with { Validation = [Made("none.txt", "")] })[..(folder.File("none.txt").Length + 17)]);
        Assert.False(Directory.Exists(options.Output));
    }

    /// <summary>Whatever one value of a manifest becomes, the run goes on or one line names the file and the rule.</summary>
    [Fact]
    public void NoManifestBringsAboutAnythingElseThanOneLine()
    {
        string[] values = ["null", "-1", "0", "1e300", "9223372036854775807", "\"\"", "\"x\\u0000\\u001b[31m\"", "[]", "[null]", "{}", "true", "\"NaN\"", "\"/dev/zero\"", $"\"{new string('y', 3000)}\""];
        var options = ToyRun.Short(folder) with { Cache = folder.File("cache") };
        Trainer.Start(options, TestContext.Current.CancellationToken).Dispose();
        string[] manifests = Directory.GetFiles(options.Output, "training.json", SearchOption.AllDirectories);
        var good = File.ReadAllText(manifests[0]);
        var places = Places(JsonNode.Parse(good)!).ToArray();
        var random = new Random(16);
        for (var trial = 0; trial < 60; trial++)
        {
            var manifest = JsonNode.Parse(good)!;
            Places(manifest).ElementAt(random.Next(places.Length)).ReplaceWith(JsonNode.Parse(values[random.Next(values.Length)]));
            AssertRefusedOrResumed(options.Output, manifests, manifest.ToJsonString());
        }

        AssertRefusedOrResumed(options.Output, manifests, good[..300]);
        AssertRefusedOrResumed(options.Output, manifests, "[]");
        AssertRefusedOrResumed(options.Output, manifests, good.Replace("\"field\"", "\"data\": [], \"field\"", StringComparison.Ordinal));
        Array.ForEach(manifests, path => File.WriteAllText(path, good));
        Trainer.Resume(options.Output, TestContext.Current.CancellationToken).Dispose();
    }

    [Fact]
    public void FilesOfARunAreFiles()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no /dev/zero on this system.");
        var options = ToyRun.Short(folder);
        ToyRun.Interrupt(options, afterReports: 1);
        var data = Directory.GetFiles(Path.Combine(options.Output, "cache"));
        string[] names = ["training.json", "tokenizer.json", Path.GetRelativePath(options.Output, ToyRun.StateOf(options.Output)), .. data.Select(path => Path.GetRelativePath(options.Output, path))];
        foreach (var path in names.Select(name => Path.Combine(options.Output, name)).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            File.Move(path, folder.File("aside"));
            File.CreateSymbolicLink(path, "/dev/zero");
            if (data.Contains(path))
            {
                Trainer.Resume(options.Output, TestContext.Current.CancellationToken).Dispose();
            }
            else
            {
                Assert.Contains(Path.GetFileName(path), Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(options.Output, TestContext.Current.CancellationToken)).Message);
            }

            File.Move(folder.File("aside"), path, overwrite: true);
        }

        var metrics = Path.Combine(options.Output, "metrics.jsonl");
        File.Delete(metrics);
        File.CreateSymbolicLink(metrics, "/dev/zero");
        ToyRun.Finish(options.Output, afterReports: int.MaxValue);
    }

    [Theory]
    [InlineData(0, -1, "step = -1")]
    [InlineData(0, 77, "step-00000005: its state is that of step 77")]
    [InlineData(1, -5, "tokens = -5")]
    [InlineData(2, -1, "data position = DataPosition { Epoch = -1")]
    [InlineData(3, 1, "data position")]
    [InlineData(3, long.MinValue, "data position")]
    [InlineData(4, 9999, "data position")]
    [InlineData(5, 0x7FF8000000000000, "unreported loss = NaN")]
    [InlineData(6, long.MaxValue, "unreported steps = 9223372036854775807")]
    [InlineData(7, -0x8000000000000, "best loss = NaN")]
    [InlineData(8, -1, "steps without a target = -1")]
    [InlineData(9, 4, "unreported steps without a target = 4")]
    [InlineData(10, 0x7FF0000000000000, "gradient norm = Infinity")]
    public void CountersOutOfRangeAreNamed(int index, long value, string message)
    {
        var options = ToyRun.Short(folder);
        ToyRun.Interrupt(options, afterReports: 1);
        var state = ToyRun.StateOf(options.Output);
        TensorPlan[] plans;
        using (var file = SafetensorsFile.Open(state))
        {
            plans = [.. file.Tensors.Select(view => view.Dtype == Dtype.Int64 ? Counters(view) : Floats(view))];
        }

        SafetensorsWriter.Write(state, plans);
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(options.Output, TestContext.Current.CancellationToken));
        Assert.Contains(message, error.Message);
        Assert.EndsWith("to go on from step 0.", error.Message);

        TensorPlan Counters(TensorView view)
        {
            var numbers = view.ToIntegers();
            numbers[index] = value;
            return new(view.Name, view.Dtype, view.Shape.ToArray(), sink => sink.Append(numbers));
        }

        static TensorPlan Floats(TensorView view)
        {
            var numbers = view.ToFloats();
            return new(view.Name, view.Dtype, view.Shape.ToArray(), sink => sink.Append(numbers));
        }
    }

    public void Dispose() => folder.Dispose();

    private static void AssertRefusedOrResumed(string output, string[] manifests, string text)
    {
        Array.ForEach(manifests, path => File.WriteAllText(path, text));
        try
        {
            Trainer.Resume(output, TestContext.Current.CancellationToken).Dispose();
        }
        catch (A3Exception error)
        {
            Assert.True(error.Message.Length < 1000 && !error.Message.Any(char.IsControl), error.Message);
        }
    }

    /// <summary>Every value of a document, whatever it lies in.</summary>
    private static IEnumerable<JsonNode> Places(JsonNode node) => node switch
    {
        JsonObject entries => entries.Select(entry => entry.Value).OfType<JsonNode>().SelectMany(value => Places(value).Prepend(value)),
        JsonArray items => items.OfType<JsonNode>().SelectMany(value => Places(value).Prepend(value)),
        _ => [],
    };

    private string Made(string name, string content)
    {
        File.WriteAllText(folder.File(name), content);
        return folder.File(name);
    }

    /// <summary>Fails where work begins.</summary>
    private sealed class Silence : IProgress<Preparation>
    {
        public void Report(Preparation value) => Assert.Fail($"work began: {value.Text}");
    }
}
