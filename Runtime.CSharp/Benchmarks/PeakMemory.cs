namespace A3.Runtime;

/// <summary>The most memory the process has held since it was last asked to forget, as Linux counts it; elsewhere unknown.</summary>
internal static class PeakMemory
{
    private const string Status = "/proc/self/status", Forget = "/proc/self/clear_refs";

    /// <summary>What an action adds at most to what the process holds, in bytes; null where the system does not say.</summary>
    public static long? Added(Action action)
    {
        if (!TryReset())
        {
            action();
            return null;
        }

        var before = Bytes("VmRSS:");
        action();
        return Math.Max(0, Bytes("VmHWM:") - before);
    }

    /// <summary>5 resets the peak (proc(5)); a container may refuse.</summary>
    private static bool TryReset()
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

    private static long Bytes(string field) =>
        1024 * long.Parse(File.ReadLines(Status).First(line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..].Replace("kB", "").Trim());
}
