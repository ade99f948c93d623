using A3.Runtime.Checkpoints;
using A3.Runtime.Networks;
using TorchSharp;

namespace A3.Torch.Networks;

using A3.Model;

/// <summary>Networks as tensors; the runtime finds this class by its name.</summary>
internal sealed class TorchBackend : ITorchBackend
{
    public bool HasCuda => Devices.Resolve(Device.Auto).type == DeviceType.CUDA;

    public INetwork Load(Checkpoint checkpoint, Device device, NumberType precision, int? threads) =>
        OnTorch(checkpoint, device, precision, threads);

    /// <summary>The network as tensors; the checkpoint may be closed afterwards.</summary>
    /// <exception cref="A3Exception">The device is not there, or a weight is not finite.</exception>
    public static TorchNetwork OnTorch(Checkpoint checkpoint, Device device, NumberType precision, int? threads = null)
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
}
