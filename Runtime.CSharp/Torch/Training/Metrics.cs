using System.Text.Json;
using A3.Runtime.Checkpoints;
using A3.Runtime.Storage;
using A3.Torch.Data;
using TorchSharp.Modules;

namespace A3.Torch.Training;

/// <summary>Writes a run's metrics twice: JSON lines for programs, TensorBoard events for people.</summary>
internal sealed class Metrics : IDisposable
{
    private const string FileName = "metrics.jsonl";

    /// <summary>Bytes of the longest line that is read.</summary>
    private const int LongestLine = 1 << 16;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    private readonly StreamWriter lines;
    private readonly SummaryWriter events;

    /// <summary>Appends to the metrics of the run in <paramref name="directory"/>, without the lines after <paramref name="step"/> and those that are none.</summary>
    /// <exception cref="TrainingException">The file cannot be read.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public Metrics(string directory, long step)
    {
        File = Path.Combine(directory, FileName);
        var kept = System.IO.File.Exists(File) && CheckpointFile.Length(File) > 0 ? LinesUpTo(step) : [];
        AtomicFile.Write(File, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var line in kept)
            {
                writer.WriteLine(line);
            }
        });
        lines = new StreamWriter(File, append: true) { AutoFlush = true };
        events = TorchSharp.torch.utils.tensorboard.SummaryWriter(Path.Combine(directory, "tensorboard"), createRunName: false);
    }

    /// <summary>Where the JSON lines are.</summary>
    public string File { get; }

    public void Write(TrainingProgress progress)
    {
        lines.WriteLine(JsonSerializer.Serialize(progress, Json));
        var step = (int)Math.Min(progress.Step, int.MaxValue);
        events.add_scalar("train/loss", (float)progress.Loss, step);
        events.add_scalar("train/gradient norm", (float)progress.GradientNorm, step);
        events.add_scalar("train/learning rate", (float)progress.LearningRate, step);
        events.add_scalar("train/tokens per second", (float)progress.TokensPerSecond, step);
        foreach (var (name, loss) in progress.Validation)
        {
            events.add_scalar($"validation/{name}", (float)loss, step);
        }
    }

    public void Dispose() => lines.Dispose();

    /// <summary>Neither half a line nor bytes that are no text end a run: such lines are left out.</summary>
    private string[] LinesUpTo(long step)
    {
        using var stream = DocumentFile.Open(File);
        return [.. TextLines.Of(stream, File, longest: LongestLine).Where(line => line.Fault is null && StepOf(line.Text) <= step).Select(line => line.Text)];
    }

    /// <summary>The step of a line, or beyond all steps where a kill cut the line short.</summary>
    private static long StepOf(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<TrainingProgress>(line, Json)?.Step ?? long.MaxValue;
        }
        catch (JsonException)
        {
            return long.MaxValue;
        }
    }
}
