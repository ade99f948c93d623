using A3.Tensors;
using TorchSharp;

namespace A3.Torch.Networks;

/// <summary>Devices as libtorch knows them.</summary>
internal static class Devices
{
    /// <exception cref="A3Exception">CUDA was asked for and there is none.</exception>
    public static torch.Device Resolve(Device device)
    {
        Native.ensure();
        return (device, torch.cuda.is_available()) switch
        {
            (Device.Cuda, false) => throw new A3Exception(
                $"device = cuda, but this libtorch finds no CUDA device. Set {Native.variable} to the folder of a CUDA build of libtorch 2.10 (for PyTorch: site-packages/torch/lib), or use cpu."),
            (Device.Cuda or Device.Auto, true) => torch.CUDA,
            _ => torch.CPU,
        };
    }
}
