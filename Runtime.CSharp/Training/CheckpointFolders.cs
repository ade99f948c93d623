using System.Globalization;

namespace A3.Runtime;

/// <summary>
/// The folders <c>step-N</c> of a run's last checkpoints. One appears whole, by renaming, and disappears whole; what a kill leaves has
/// a name ending in <c>.tmp</c>.
/// </summary>
internal sealed class CheckpointFolders(string path)
{
    private const string Prefix = "step-";
    private const string Unfinished = ".tmp";

    /// <summary>The steps that have a checkpoint, ascending.</summary>
    public IReadOnlyList<long> Steps => Directory.Exists(path)
        ? [.. Directory.GetDirectories(path, Prefix + "*").Select(StepOf).OfType<long>().Order()]
        : [];

    /// <summary>The folder of a step.</summary>
    public string Of(long step) => Path.Combine(path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D8}"));

    /// <summary>Fills the folder of a step, then removes all but the last <paramref name="keep"/>.</summary>
    /// <exception cref="IOException">The disk refused; the folders before stay.</exception>
    public void Add(long step, int keep, Action<string> fill)
    {
        var folder = Of(step);
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder + Unfinished);
            fill(folder + Unfinished);
            Directory.Move(folder + Unfinished, folder);
        }

        foreach (var old in Steps.SkipLast(keep))
        {
            Directory.Move(Of(old), Of(old) + Unfinished);
            Directory.Delete(Of(old) + Unfinished, recursive: true);
        }
    }

    /// <summary>Removes what a killed process left.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void RemoveLeftovers()
    {
        var left = Directory.Exists(path) ? Directory.GetDirectories(path, Prefix + "*" + Unfinished) : [];
        foreach (var folder in left)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long? StepOf(string folder) =>
        long.TryParse(Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
}
