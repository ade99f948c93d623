using A3.Tensors;
using A3.Torch.Networks;
using static TorchSharp.torch;

namespace A3.Bench;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>Weights of an architecture drawn from a seed, each tensor with its deviation; nothing is kept.</summary>
/// <remarks>Uniform numbers: what a network computes is of no interest here, only that no number overflows.</remarks>
internal sealed class RandomWeights
{
    private readonly Dictionary<string, (Parameter Tensor, Seed Seed)> tensors = [];

    /// <summary>The same architecture and seed give the same weights.</summary>
    public RandomWeights(Architecture architecture, Seed seed)
    {
        foreach (var tensor in ArchitectureModule.parameters(architecture))
        {
            tensors.Add(tensor.Name, (tensor, SeedModule.derive(tensors.Count, seed)));
        }
    }

    /// <summary>A tensor by its Hugging Face name, row-major, in memory of its own.</summary>
    public float[] Read(string name)
    {
        var (tensor, seed) = tensors[name];
        var numbers = new float[tensor.Shape.Aggregate(1L, (size, side) => size * side)];

        if (tensor.Initialisation is Initialisation.Normal normal)
        {
            Fill(numbers, (float)normal.deviation, SeedModule.bits(seed));
        }
        else
        {
            Array.Fill(numbers, 1f);
        }

        return numbers;
    }

    /// <summary>The network of such weights as tensors, drawn where they are to be: a seed gives others there than on the CPU.</summary>
    /// <exception cref="A3Exception">The device is not there.</exception>
    public static TorchNetwork OnTorch(Architecture architecture, long seed, A3.Device device, NumberType precision, int threads)
    {
        var place = Devices.Resolve(device);
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        using var generator = new Generator(unchecked((ulong)seed), place);
        return new(architecture, ArchitectureModule.parameters(architecture).ToDictionary(parameter => parameter.Name, Drawn), threads);

        Tensor Drawn(Parameter parameter)
        {
            long[] shape = [.. parameter.Shape.Select(side => (long)side)];
            return parameter.Initialisation is Initialisation.Normal normal
                ? Numbers.scale(normal.deviation, randn(shape, dtype: precision.OfTensors(), device: place, generator: generator))
                : ones(shape, dtype: precision.OfTensors(), device: place);
        }
    }

    /// <summary>xorshift64 (Marsaglia 2003): the upper 24 bits as a number between -1 and 1, scaled to the deviation.</summary>
    private static void Fill(Span<float> numbers, float deviation, ulong state)
    {
        var scale = deviation * MathF.Sqrt(3f) / (1 << 23);
        state |= 1;

        foreach (ref var number in numbers)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            number = ((long)(state >> 40) - (1 << 23)) * scale;
        }
    }
}
