using TorchSharp;

namespace A3.Tests;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>The random networks on libtorch.</summary>
internal static class RandomTorchNetwork
{
    /// <summary>The weights of <see cref="RandomNetwork.Create"/>, or those given.</summary>
    public static TorchNetwork Create(
        Architecture architecture,
        torch.Device? device = null,
        torch.ScalarType type = torch.ScalarType.Float32,
        Func<string, float[]>? weights = null,
        int? threads = null)
    {
        weights ??= RandomNetwork.Weights(architecture);
        return new(
            architecture,
            ArchitectureModule.parameters(architecture).ToDictionary(
                tensor => tensor.Name,
                tensor => torch.tensor(weights(tensor.Name), [.. tensor.Shape.Select(side => (long)side)], dtype: type, device: device)),
            threads);
    }
}
