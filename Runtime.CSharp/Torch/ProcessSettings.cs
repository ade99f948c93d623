using A3.Tensors;

namespace A3;

/// <summary>Settings of the whole process. Nothing else in this library changes any; who calls these decides for all code of the process.</summary>
/// <remarks>Any thread may call them, any number of times.</remarks>
public static class ProcessSettings
{
    /// <summary>
    /// The process keeps memory that tensors free, up to 2 GB, for the tensors to come, in pages of 2 MB: training steps on a CPU are then up to
    /// 1.15 times as fast. It asks glibc (mallopt), so it does nothing on other systems, and it cannot be undone.
    /// </summary>
    public static void KeepFreedMemory() => Heap.keep();
}
