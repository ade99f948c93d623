using System.Globalization;
using A3.Runtime.Checkpoints;
using TorchSharp;

namespace A3.Torch.Training;

/// <summary>
/// <c>training.safetensors</c> of a checkpoint: parameters and moments in float32, and the counters that say where the run stands.
/// </summary>
internal static class RunState
{
    public const string FileName = "training.safetensors";

    private const string Counters = "counters";

    /// <summary>Files of fewer counters are read: the others are 0 in them.</summary>
    private const int EarlierCounters = 8;

    /// <exception cref="IOException">The directory refused.</exception>
    public static void Write(string directory, TrainingRun run) =>
        SafetensorsWriter.Write(
            Path.Combine(directory, FileName),
            [
                new TensorPlan(Counters, Dtype.Int64, [Counted(run).Length], sink => sink.Append(Counted(run))),
                .. Tensors(run).Select(entry => new TensorPlan(
                    entry.Name, Dtype.Float32, [entry.Tensor.NumberOfElements], sink => sink.Append(Numbers(entry.Tensor)))),
            ]);

    /// <summary>Puts a run into a saved state.</summary>
    /// <exception cref="TrainingException">The state is broken, of another architecture or of another version.</exception>
    public static void Restore(string directory, TrainingRun run)
    {
        var path = Path.Combine(directory, FileName);
        using var file = SafetensorsFile.Open(path);
        using var mode = torch.no_grad();
        foreach (var (name, tensor) in Tensors(run))
        {
            if (file[name].Count != tensor.NumberOfElements)
            {
                throw new TrainingException(
                    $"{Shown.Text(path)}: {name} holds {file[name].Count} numbers, but the run has {tensor.NumberOfElements} parameters; "
                    + "the state belongs to another run.");
            }

            using var scope = torch.NewDisposeScope();
            var numbers = file[name].ToFloats();
            if (Array.FindIndex(numbers, number => !float.IsFinite(number)) is var at and >= 0)
            {
                throw new TrainingException(
                    string.Create(CultureInfo.InvariantCulture, $"{Shown.Text(path)}: {name}[{at}] = {numbers[at]}; a finite number is expected."));
            }

            tensor.copy_(torch.tensor(numbers));
        }

        var counters = file[Counters];
        if (counters.Count != Counted(run).Length && counters.Count != EarlierCounters)
        {
            throw new TrainingException(
                $"{Shown.Text(path)}: {counters.Count} counters, but this version keeps {Counted(run).Length}; go on with the version that wrote it.");
        }

        Recount(run, counters.ToIntegers());
        if (FaultOf(run) is { } fault)
        {
            throw new TrainingException($"{Shown.Text(path)}: {Counters}: {fault}");
        }
    }

    /// <summary>The numbers of a tensor as float32, wherever it lies.</summary>
    public static float[] Numbers(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().cpu().to(torch.float32).contiguous().data<float>().ToArray();
    }

    private static (string Name, torch.Tensor Tensor)[] Tensors(TrainingRun run) =>
        [("parameters", run.Parameters), ("moments.first", run.Optimizer.First), ("moments.second", run.Optimizer.Second)];

    private static long[] Counted(TrainingRun run) =>
    [
        run.Step, run.Tokens, run.Position.Epoch, run.Position.Window, run.Position.Batch,
        BitConverter.DoubleToInt64Bits(run.Unreported.Sum), run.Unreported.Steps, BitConverter.DoubleToInt64Bits(run.Best),
        run.StepsWithoutTarget, run.Unreported.WithoutTarget, BitConverter.DoubleToInt64Bits(run.GradientNorm),
    ];

    private static void Recount(TrainingRun run, long[] counters)
    {
        var all = new long[Counted(run).Length];
        counters.CopyTo(all, 0);
        run.Tokens = all[1];
        run.Position = new DataPosition(all[2], all[3], all[4]);
        run.Unreported = new LossSum(BitConverter.Int64BitsToDouble(all[5]), all[6], all[9]);
        run.Best = BitConverter.Int64BitsToDouble(all[7]);
        (run.StepsWithoutTarget, run.Optimizer.Steps) = (all[8], all[0] - all[8]);
        run.GradientNorm = BitConverter.Int64BitsToDouble(all[10]);
    }

    /// <summary>The first rule that counters break, which a file can say anything of; null where all hold.</summary>
    private static string? FaultOf(TrainingRun run)
    {
        (string Name, object Value, bool Holds, string Rule)[] rules =
        [
            ("step", run.Step, run.Step >= 0, "a number from 0 up is expected."),
            ("tokens", run.Tokens, run.Tokens >= run.Step, "at least one a step is expected."),
            ("data position", run.Position, run.IsInData(run.Position), "it lies outside the data."),
            ("unreported loss", run.Unreported.Sum, double.IsFinite(run.Unreported.Sum), "a finite number is expected."),
            ("unreported steps", run.Unreported.Steps, run.Unreported.Steps >= 0 && run.Unreported.Steps <= run.Step, "no more than all steps are expected."),
            ("best loss", run.Best, run.Best >= 0, "a number from 0 up is expected."),
            ("steps without a target", run.StepsWithoutTarget, run.StepsWithoutTarget >= 0 && run.StepsWithoutTarget <= run.Step, "no more than all steps are expected."),
            ("unreported steps without a target", run.Unreported.WithoutTarget, run.Unreported.WithoutTarget >= 0 && run.Unreported.WithoutTarget <= run.StepsWithoutTarget, "no more than all such steps are expected."),
            ("gradient norm", run.GradientNorm, double.IsFinite(run.GradientNorm), "a finite number is expected."),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => string.Create(CultureInfo.InvariantCulture, $"{rule.Name} = {rule.Value}; {rule.Rule}")).FirstOrDefault();
    }
}
