using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class TrainerTests
{
    [Theory]
    [InlineData(Optimizer.AdamW)]
    [InlineData(Optimizer.Muon)]
    public void TrainingLowersEveryLoss(Optimizer optimizer)
    {
        using var folder = new Folder();
        var reports = ToyRun.Train(ToyRun.Options(folder) with { Tokens = 12000, ContentWeight = 1, Optimizer = optimizer });
        var validations = reports.Where(report => report.Validation.Count > 0).ToArray();
        Assert.Equal(
            [
                "left to right", "left to right, content stream", "any order", "any order, groups of 2",
                "any order, groups of 4", "any order, groups of 8", "middle sentence",
            ],
            validations[0].Validation.Keys);
        Assert.All(
            validations[0].Validation,
            first => Assert.True(validations[^1].Validation[first.Key] < first.Value - 0.3, $"{first.Key}: {first.Value} to {validations[^1].Validation[first.Key]}"));
    }

    [Theory(DisplayName = "Law 12: a resumed training run equals an uninterrupted one")]
    [InlineData(false, Optimizer.AdamW)]
    [InlineData(true, Optimizer.AdamW)]
    [InlineData(false, Optimizer.Muon)]
    public void AResumedRunEqualsAnUninterruptedOne(bool packed, Optimizer optimizer)
    {
        using var folder = new Folder();
        var straight = ToyRun.Options(folder, "straight") with { Pack = packed, Optimizer = optimizer };
        ToyRun.Train(straight);
        var stopped = ToyRun.Options(folder, "stopped") with { Pack = packed, Optimizer = optimizer };
        ToyRun.Interrupt(stopped, afterReports: 1);
        ToyRun.Finish(stopped.Output, afterReports: 1);
        ToyRun.Finish(stopped.Output, afterReports: int.MaxValue);
        ToyRun.AssertSameRun(straight.Output, stopped.Output);
    }

    [Fact]
    public void MetricsOfAResumedRunAreThoseOfAnUninterruptedOne()
    {
        using var folder = new Folder();
        var straight = ToyRun.Options(folder, "straight");
        var reports = ToyRun.Train(straight);
        var stopped = ToyRun.Options(folder, "stopped");
        ToyRun.Interrupt(stopped, afterReports: 2);
        ToyRun.Finish(stopped.Output, afterReports: int.MaxValue);
        var lines = File.ReadAllLines(Path.Combine(stopped.Output, "metrics.jsonl"));
        var steps = lines.Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt64());
        Assert.Equal(reports.Select(report => report.Step), steps);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(stopped.Output, "tensorboard")));
    }

    [Fact]
    public void AnInitialCheckpointIsWhereTrainingStarts()
    {
        using var folder = new Folder();
        var first = ToyRun.Options(folder, "first") with { Tokens = 12000 };
        var last = ToyRun.Train(first)[^1];
        var next = ToyRun.Train(ToyRun.Options(folder, "next") with { Initial = first.Output, Tokens = 1 })[^1];
        Assert.Equal(last.Validation["any order"], next.Validation["any order"], tolerance: 0.1);
    }

    [Fact]
    public void ACausalLlamaIsAdapted()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder, "a3");
        ToyRun.Train(options);
        var llama = folder.File("llama");
        WithoutQueryStream(options.Output, llama);
        var adapted = ToyRun.Options(folder, "adapted") with { Initial = llama };
        ToyRun.Train(adapted);
        using var checkpoint = Checkpoint.Open(adapted.Output);
        Assert.Equal(QueryStart.Preceding, checkpoint.Architecture.QueryStart);
    }

    [Fact]
    public void QueriesThatStartFromTheTokenBeforeAreACausalLlamaFromTheFirstStep()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder, "a3") with { Curriculum = "stage 1, query 0, content 1: left-to-right | singletons" };
        ToyRun.Train(options);
        var llama = folder.File("llama");
        WithoutQueryStream(options.Output, llama);
        var adapted = ToyRun.Options(folder, "adapted") with { Initial = llama, Tokens = 1, LearningRate = 1e-9 };
        var losses = ToyRun.Train(adapted)[^1].Validation;

        Assert.Equal(losses["left to right, content stream"], losses["left to right"], tolerance: 1e-5);
        Assert.True(losses["left to right"] < losses["any order"]);
    }

    [Theory]
    [InlineData(QueryStart.Learned)]
    [InlineData(QueryStart.Preceding)]
    public void QueriesStartFromWhatIsAskedAndGoOnDoingSo(QueryStart start)
    {
        using var folder = new Folder();
        var first = ToyRun.Options(folder, "first") with { QueryStart = start, Tokens = 500 };
        ToyRun.Train(first);
        ToyRun.Train(ToyRun.Options(folder, "next") with { Initial = first.Output, Tokens = 500 });
        foreach (var output in new[] { "first", "next" })
        {
            Assert.Equal(start, Checkpoint.ReadConfiguration(folder.File(output)).Architecture.QueryStream.IsPreceding ? QueryStart.Preceding : QueryStart.Learned);
        }
    }

    [Fact]
    public void TheContentStreamLearnsWhereItsLossIsWeighted()
    {
        using var folder = new Folder();
        double Surprisal(double weight)
        {
            var options = ToyRun.Options(folder, $"run{weight}") with { Curriculum = "ar", ContentWeight = weight, Tokens = 12000 };
            ToyRun.Train(options);
            using var model = A3Model.Load(options.Output, new LoadOptions { Device = Device.Cpu });
            return model.ScoreCausal("Tom had a red ball. Tom was very happy.").BitsPerByte;
        }

        Assert.True(Surprisal(1) < Surprisal(0) - 0.05);
    }

    [Fact]
    public void ADirectoryWithARunIsNotOverwritten()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder);
        ToyRun.Train(options);
        var error = Assert.ThrowsAny<A3Exception>(() => ToyRun.Train(options));
        Assert.Contains("already holds a training run", error.Message);
    }

    [Fact]
    public void ADirectoryWithoutARunDoesNotResume()
    {
        using var folder = new Folder();
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(folder.Path, TestContext.Current.CancellationToken));
        Assert.Contains("training.json", error.Message);
    }

    [Theory]
    [InlineData("Context", 4)]
    [InlineData("Tokens", 0)]
    [InlineData("Vocabulary", 10)]
    [InlineData("BatchTokens", 8)]
    public void AnOptionThatBreaksItsRuleIsNamed(string option, int value)
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder);
        var broken = option switch
        {
            "Context" => options with { Context = value },
            "Tokens" => options with { Tokens = value },
            "Vocabulary" => options with { Vocabulary = value },
            _ => options with { BatchTokens = value },
        };
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(broken));
        Assert.StartsWith($"{option} = {value}: ", error.Message);
    }

    [Fact]
    public void ALossThatIsNoNumberStopsTheRunAndKeepsTheLastState()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder);
        ToyRun.Interrupt(options, afterReports: 1);
        var saved = File.ReadAllBytes(ToyRun.StateOf(options.Output));
        using var trainer = Trainer.Resume(options.Output, TestContext.Current.CancellationToken);
        Fill(trainer, float.PositiveInfinity);
        var error = Assert.ThrowsAny<A3Exception>(() => trainer.Run(cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("diverged at step", error.Message);
        Assert.Equal(saved, File.ReadAllBytes(ToyRun.StateOf(options.Output)));
    }

    [Fact]
    public void ACancelledRunDoesNotSaveWeightsThatAreNoNumbers()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder);
        ToyRun.Interrupt(options, afterReports: 1);
        var model = File.ReadAllBytes(Path.Combine(options.Output, "model.safetensors"));
        using var trainer = Trainer.Resume(options.Output, TestContext.Current.CancellationToken);
        Fill(trainer, float.NaN);
        var error = Assert.ThrowsAny<A3Exception>(() => trainer.Run(cancellation: new CancellationToken(canceled: true)));
        Assert.StartsWith($"the run diverged at step {trainer.Step}: a weight is no longer a number. The last checkpoint", error.Message);
        Assert.Equal(model, File.ReadAllBytes(Path.Combine(options.Output, "model.safetensors")));
    }

    [Theory]
    [InlineData("parameters")]
    [InlineData("moments.second")]
    public void AStateThatHoldsNoNumbersIsNotResumed(string tensor)
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder);
        ToyRun.Interrupt(options, afterReports: 1);
        var state = ToyRun.StateOf(options.Output);
        Overwrite(state, tensor, float.NaN);
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(options.Output, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{state}: {tensor}[0] = NaN; a finite number is expected. Remove ", error.Message);
    }

    [Fact]
    public void AStateOfAnotherArchitectureIsNamed()
    {
        using var folder = new Folder();
        var (narrow, wide) = (ToyRun.Options(folder, "narrow"), ToyRun.Options(folder, "wide") with { Width = 32 });
        ToyRun.Interrupt(narrow, afterReports: 1);
        ToyRun.Interrupt(wide, afterReports: 1);
        File.Copy(ToyRun.StateOf(narrow.Output), ToyRun.StateOf(wide.Output), overwrite: true);
        var error = Assert.ThrowsAny<A3Exception>(() => Trainer.Resume(wide.Output, TestContext.Current.CancellationToken));
        Assert.Contains("parameters holds", error.Message);
    }

    /// <summary>Puts one number everywhere in what trains.</summary>
    private static void Fill(Trainer trainer, float number)
    {
        using var mode = TorchSharp.torch.no_grad();
        trainer.Network.Parameters.fill_(number);
    }

    /// <summary>Puts one number everywhere in a tensor of a safetensors file.</summary>
    private static void Overwrite(string path, string tensor, float number)
    {
        TensorPlan[] plans;
        using (var file = SafetensorsFile.Open(path))
        {
            plans = [.. file.Tensors.Select(view => view.Dtype == Dtype.Int64 ? Integers(view) : Floats(view))];
        }

        SafetensorsWriter.Write(path, plans);

        TensorPlan Integers(TensorView view)
        {
            var numbers = view.ToIntegers();
            return new(view.Name, view.Dtype, view.Shape.ToArray(), sink => sink.Append(numbers));
        }

        TensorPlan Floats(TensorView view)
        {
            var numbers = view.ToFloats();
            if (view.Name == tensor)
            {
                Array.Fill(numbers, number);
            }

            return new(view.Name, view.Dtype, view.Shape.ToArray(), sink => sink.Append(numbers));
        }
    }

    private static void WithoutQueryStream(string source, string target)
    {
        using var checkpoint = Checkpoint.Open(source);
        var from = checkpoint.Configuration;
        var causal = Model.ArchitectureModule.withoutQueryStream(from.Architecture);
        var configuration = new Model.Configuration(causal, from.Bos, from.Eos, from.Pad, null, from.Precision);
        Checkpoint.Save(target, configuration, Dtype.Float32, (parameter, sink) => sink.Append(checkpoint[parameter.Name].ToFloats()));
        Tokenizer.Load(source).Save(target);
    }
}
