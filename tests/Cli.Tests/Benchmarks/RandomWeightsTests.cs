using A3.Bench;
using Xunit;

namespace A3.Cli.Tests.Benchmarks;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

public sealed class RandomWeightsTests
{
    private static readonly Architecture Architecture =
        RandomNetwork.With(ArchitectureModule.create(300, 64, 2, 4, 32), tied: false);

    private static float[] Read(string name, int seed) =>
        new RandomWeights(Architecture, SeedModule.ofInt(seed)).Read(name);

    [Fact]
    public void Every_tensor_has_its_size_and_the_deviation_it_starts_with()
    {
        foreach (var tensor in ArchitectureModule.parameters(Architecture))
        {
            var numbers = Read(tensor.Name, 1);
            Assert.Equal(tensor.Shape.Aggregate(1, (size, side) => size * side), numbers.Length);

            if (tensor.Initialisation is Initialisation.Normal normal && numbers.Length > 1000)
            {
                var deviation = Math.Sqrt(numbers.Average(number => number * number));
                Assert.InRange(deviation / normal.deviation, 0.95, 1.05);
                Assert.InRange(numbers.Average() / normal.deviation, -0.1, 0.1);
            }

            Assert.Equal(tensor.Initialisation.IsOnes, numbers.All(number => number == 1));
        }
    }

    [Fact]
    public void Same_seed_same_weights_and_another_seed_others()
    {
        Assert.Equal(Read(ArchitectureModule.head, 1), Read(ArchitectureModule.head, 1));
        Assert.NotEqual(Read(ArchitectureModule.head, 1), Read(ArchitectureModule.head, 2));
        Assert.NotEqual(Read(ArchitectureModule.head, 1), Read(ArchitectureModule.embedding, 1));
    }
}
