using Xunit;

namespace A3.Docs.Tests;

/// <summary>What is wrong in documents, a line each.</summary>
internal static class Faults
{
    /// <summary>Fails with all of them where there are any.</summary>
    public static void None<T>(IEnumerable<T> faults)
    {
        T[] found = [.. faults];
        Assert.True(found.Length == 0, $"{found.Length} faults:\n{string.Join('\n', found)}");
    }
}
