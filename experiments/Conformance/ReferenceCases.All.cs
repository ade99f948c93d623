using A3.Runtime.Networks;
using A3.Runtime.Networks.Managed;
using A3.Tensors;
using A3.Torch.Networks;

namespace A3.Conformance;

/// <content>All cases of a directory, on every network that this machine can run.</content>
public static partial class ReferenceCases
{
    /// <summary>Runs all cases, one by one as they are asked for.</summary>
    /// <param name="directory">A checkpoint with reference numbers beside it.</param>
    /// <param name="device">Where libtorch computes; with CUDA nothing runs on the CPU.</param>
    /// <param name="precision">What libtorch computes in.</param>
    /// <param name="grouping">Adds the case that cached decoding equals uncached decoding under it; null for none.</param>
    /// <param name="remark">Hears what is left out where libtorch is missing.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="A3Exception">The directory holds no reference numbers, or a case cannot be run.</exception>
    public static IEnumerable<ConformanceCase> All(
        string directory,
        Device device,
        NumberType precision,
        Grouping? grouping,
        Action<string> remark,
        CancellationToken cancellation)
    {
        foreach (var item in RunTokenizers(directory))
        {
            yield return item;
        }

        using var checkpoint = Checkpoint.Open(directory);
        if (device != Device.Cuda)
        {
            using var managed = new ManagedNetwork(checkpoint.Configuration.Architecture, name => checkpoint[name].ToWeights());
            foreach (var item in On("managed", managed))
            {
                yield return item;
            }
        }

        using var torch = Torch(checkpoint, device, precision, remark);
        foreach (var item in torch is null ? [] : On("torch", torch))
        {
            yield return item;
        }

        IEnumerable<ConformanceCase> On(string backend, INetwork network)
        {
            var cases = Run(directory, backend, network, cancellation);
            return grouping is null
                ? cases
                : cases.Concat(((Func<ConformanceCase>[])[() => CacheCase.Run(grouping.Spec, backend, network, cancellation)]).Select(run => run()));
        }
    }

    private static INetwork? Torch(Checkpoint checkpoint, Device device, NumberType precision, Action<string> remark)
    {
        try
        {
            return TorchBackend.OnTorch(checkpoint, device, precision);
        }
        catch (NativeLibraryException error) when (device != Device.Cuda)
        {
            remark($"torch: left out: {error.Message}");
            return null;
        }
    }
}
