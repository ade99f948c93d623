namespace A3.Bench;

/// <summary>How much memory the process holds at most during an action beyond what it held to begin with, as Linux counts it.</summary>
/// <remarks>
/// What an action gives back, the process keeps and uses for the next one: measured in ascending order, each action shows its own peak.
/// </remarks>
internal sealed class PeakMemory
{
    private const string Status = "/proc/self/status", Forget = "/proc/self/clear_refs";

    private readonly long? held = TryForget() ? Bytes("VmRSS:") : null;

    /// <summary>Runs it and gives the bytes; null where the system does not say.</summary>
    public long? Of(Action action)
    {
        var counted = held is not null && TryForget();
        action();
        return counted ? Math.Max(0, Bytes("VmHWM:") - held!.Value) : null;
    }

    /// <summary>Resets the peak to what is held, by writing 5 (proc(5)); other systems have no such file, and a container may refuse.</summary>
    private static bool TryForget()
    {
        try
        {
            File.WriteAllText(Forget, "5");
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Bytes(string field)
    {
        var line = File.ReadLines(Status).First(line => line.StartsWith(field, StringComparison.Ordinal));
        return 1024 * long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
    }
}
