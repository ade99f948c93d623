
namespace A3.Runtime.Networks;

/// <summary>Networks that libtorch runs: what the package A3.Torch adds where a program references it.</summary>
internal interface ITorchBackend
{
    /// <summary>The environment variable that names the folder of a libtorch.</summary>
    const string Variable = "A3_LIBTORCH";

    /// <summary>That of A3.Torch; null where the program has none.</summary>
    static ITorchBackend? Found { get; } =
        Type.GetType("A3.Torch.Networks.TorchBackend, A3.Torch", throwOnError: false) is { } type
            ? (ITorchBackend?)Activator.CreateInstance(type)
            : null;

    /// <summary>Whether its libtorch finds a CUDA device.</summary>
    /// <exception cref="A3Exception">There is no libtorch.</exception>
    bool HasCuda { get; }

    /// <summary>A network on a device, with weights in a number type; the checkpoint may be closed afterwards.</summary>
    /// <exception cref="A3Exception">There is no libtorch or no such device, or a weight is not finite.</exception>
    INetwork Load(Checkpoint checkpoint, Device device, NumberType precision, int? threads);

    /// <summary>That of A3.Torch.</summary>
    /// <exception cref="A3Exception">The program has none; the message names what asks for it.</exception>
    static ITorchBackend Required(Device device, NumberType precision) => Found ?? throw new A3Exception(
        (device == Device.Cuda ? "device = cuda" : $"precision = {precision.Name()} on the CPU")
        + " needs the package A3.Torch, which this program does not reference: add it, and a libtorch by TorchSharp-cpu, by a TorchSharp-cuda "
        + $"package or by {Variable}; float32 on the CPU needs neither.");
}
