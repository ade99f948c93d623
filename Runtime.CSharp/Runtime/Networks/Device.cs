namespace A3;

/// <summary>Where a network runs.</summary>
public enum Device
{
    /// <summary>CUDA where there is one, else the CPU.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU, by the package A3.Torch and a CUDA build of libtorch that A3_LIBTORCH names.</summary>
    Cuda,
}
