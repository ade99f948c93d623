namespace A3.Runtime.Networks;

using A3.Model;

/// <summary>Memory of the process.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes that the process may have, by the machine or its container, beside the weights of a network.</summary>
    public static long Beside(Architecture architecture, int bytesPerNumber) => Math.Max(
        0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - bytesPerNumber * ArchitectureModule.parameterCount(architecture));
}
