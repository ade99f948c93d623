using TorchSharp;

namespace A3.Runtime;

/// <summary>
/// <c>training.safetensors</c> of a checkpoint: parameters and moments in float32, and the counters that say where the run stands.
/// </summary>
internal static class RunState
{
    public const string FileName = "training.safetensors";

    private const string Counters = "counters";

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
    /// <exception cref="A3Exception">The state is broken, of another architecture or of another version.</exception>
    public static void Restore(string directory, TrainingRun run)
    {
        var path = Path.Combine(directory, FileName);
        using var file = SafetensorsFile.Open(path);
        using var mode = torch.no_grad();
        foreach (var (name, tensor) in Tensors(run))
        {
            using var scope = torch.NewDisposeScope();
            var numbers = file[name].ToFloats();
            if (numbers.Length != tensor.NumberOfElements)
            {
                throw new A3Exception(
                    $"{path}: {name} holds {numbers.Length} numbers, but the run has {tensor.NumberOfElements} parameters; "
                    + "the state belongs to another run.");
            }

            tensor.copy_(torch.tensor(numbers));
        }

        Recount(run, file[Counters].ToIntegers(), path);
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
    ];

    private static void Recount(TrainingRun run, long[] counters, string path)
    {
        if (counters.Length != Counted(run).Length)
        {
            throw new A3Exception(
                $"{path}: {counters.Length} counters, but this version keeps {Counted(run).Length}; go on with the version that wrote it.");
        }

        (run.Optimizer.Steps, run.Tokens) = (counters[0], counters[1]);
        run.Position = new DataPosition(counters[2], counters[3], counters[4]);
        run.Unreported = new LossSum(BitConverter.Int64BitsToDouble(counters[5]), counters[6]);
        run.Best = BitConverter.Int64BitsToDouble(counters[7]);
    }
}
