using A3.Runtime.Networks.Managed;

namespace A3.Runtime.Networks;

/// <summary>The one place that chooses what runs a network: SIMD loops for float32 on the CPU, libtorch for all else.</summary>
internal static class NetworkLoader
{
    /// <exception cref="A3Exception">The device is not there, what it needs is not referenced, or a weight is not finite.</exception>
    public static INetwork Load(Checkpoint checkpoint, LoadOptions options) =>
        TorchDevice(options) is { } device
            ? ITorchBackend.Required(device, options.Precision).Load(checkpoint, device, options.Precision, options.Threads)
            : new ManagedNetwork(
                checkpoint.Configuration.Architecture,
                name => checkpoint[name].ToWeights(),
                options.Threads ?? Environment.ProcessorCount);

    /// <summary>
    /// The device that libtorch is needed for; null for none. It looks for a GPU only where a CUDA build of libtorch is named: loading libtorch
    /// takes longer than a short decode.
    /// </summary>
    private static Device? TorchDevice(LoadOptions options)
    {
        var seeks = options.Device == Device.Auto && !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ITorchBackend.Variable));

        return options switch
        {
            { Device: Device.Cuda } => Device.Cuda,
            _ when seeks && ITorchBackend.Found?.HasCuda == true => Device.Cuda,
            { Precision: not NumberType.Float32 } => Device.Cpu,
            _ => null,
        };
    }
}
