using System.Globalization;

namespace A3.Torch.Training;

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

    /// <summary>
    /// Fills the folder of a step, then removes all but the last <paramref name="keep"/>. One that is there already gets a new state, in one
    /// file: the step is the same, but more may have been done at it.
    /// </summary>
    /// <exception cref="IOException">The disk refused; the folders before stay, and nothing of the new one does.</exception>
    public void Add(long step, int keep, Action<string> writeState, Action<string> writeOthers)
    {
        var folder = Of(step);
        if (Directory.Exists(folder))
        {
            writeState(folder);
        }
        else
        {
            Fill(folder, writeState + writeOthers);
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

    private static void Fill(string folder, Action<string> fill)
    {
        try
        {
            Directory.CreateDirectory(folder + Unfinished);
            fill(folder + Unfinished);
            Directory.Move(folder + Unfinished, folder);
        }
        catch
        {
            Discard(folder + Unfinished);
            throw;
        }
    }

    private static void Discard(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The error that brought us here is the one worth reporting.
        }
    }

    private static long? StepOf(string folder) =>
        long.TryParse(Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
}
