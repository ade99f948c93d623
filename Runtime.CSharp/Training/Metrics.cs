using System.Text.Json;
using TorchSharp.Modules;

namespace A3.Runtime;

/// <summary>Writes a run's metrics twice: JSON lines for programs, TensorBoard events for people.</summary>
internal sealed class Metrics : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly StreamWriter lines;
    private readonly SummaryWriter events;

    /// <summary>Appends to the metrics of the run in <paramref name="directory"/>, without the lines after <paramref name="step"/>.</summary>
    public Metrics(string directory, long step)
    {
        var path = Path.Combine(directory, "metrics.jsonl");
        var kept = File.Exists(path) ? File.ReadAllLines(path).Where(line => StepOf(line) <= step).ToArray() : [];
        AtomicFile.Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            foreach (var line in kept)
            {
                writer.WriteLine(line);
            }
        });
        lines = new StreamWriter(path, append: true) { AutoFlush = true };
        events = TorchSharp.torch.utils.tensorboard.SummaryWriter(Path.Combine(directory, "tensorboard"), createRunName: false);
    }

    public void Write(TrainingProgress progress)
    {
        lines.WriteLine(JsonSerializer.Serialize(progress, Json));
        var step = (int)progress.Step;
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
