using A3.Model.Tensors;
using TorchSharp;

namespace A3.Runtime;

using A3.Model;

/// <summary>The one place that chooses what runs a network: SIMD loops for float32 on the CPU, libtorch for all else.</summary>
internal static class NetworkLoader
{
    /// <exception cref="A3Exception">The device is not there, or a weight is not finite.</exception>
    public static INetwork Load(Checkpoint checkpoint, LoadOptions options)
    {
        if (IsCuda(options.Device))
        {
            return OnTorch(checkpoint, Device.Cuda, options.Precision, options.Threads);
        }

        if (options.Precision != NumberType.Float32)
        {
            return OnTorch(checkpoint, Device.Cpu, options.Precision, options.Threads);
        }

        return new ManagedNetwork(
            checkpoint.Configuration.Architecture,
            name => checkpoint[name].ToWeights(),
            options.Threads ?? Environment.ProcessorCount);
    }

    /// <summary>The network as tensors; the checkpoint may be closed afterwards.</summary>
    internal static TorchNetwork OnTorch(Checkpoint checkpoint, Device device, NumberType precision, int? threads = null)
    {
        var place = Devices.Resolve(device);
        var architecture = checkpoint.Configuration.Architecture;
        var type = precision.OfTensors();
        using var scope = torch.NewDisposeScope();

        return new(
            architecture,
            ArchitectureModule.parameters(architecture).ToDictionary(
                parameter => parameter.Name,
                parameter => Tensor(checkpoint[parameter.Name])),
            threads);

        // In libtorch's own memory: an array's alignment is by chance, and the last bit of a product may depend on it.
        torch.Tensor Tensor(TensorView view) => torch.tensor(view.ToWeights(precision), view.Shape, dtype: type, device: place).clone();
    }

    /// <summary>
    /// Looks for a GPU only where a CUDA build of libtorch is named: loading libtorch takes longer than a short decode.
    /// </summary>
    private static bool IsCuda(Device device) => device switch
    {
        Device.Cpu => false,
        Device.Auto when string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Native.variable)) => false,
        _ => Devices.Resolve(device).type == DeviceType.CUDA,
    };
}
