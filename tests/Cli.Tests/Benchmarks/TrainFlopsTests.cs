using A3.Bench;
using A3.Model;
using Xunit;

namespace A3.Cli.Tests.Benchmarks;

public sealed class TrainFlopsTests
{
    /// <summary>Grouped-query attention, so that queries and keys differ.</summary>
    private static readonly Model.Architecture Architecture =
        new(50, 16, 3, 4, 2, 4, 24, 32, 1e-5, 1e4, RopeScaling.Unscaled, true, Residual.PreNorm, QueryStream.Learned);

    [Fact]
    public void ACausalStepTakesThreeTimesTheProductsOfItsRows()
    {
        var rows = Enumerable.Range(1, 5).Sum(keys => ArchitectureModule.flopsPerRow(keys, Architecture));
        var headOfTheLast = 2L * 16 * 50;

        Assert.Equal(2 * 3 * (rows - headOfTheLast), TrainFlops.Causal(Architecture, sequences: 2, length: 5));
    }

    [Fact]
    public void ATwoStreamStepCountsQueryRowsOfTargetsAndWhatTheyNeedOfContentRows()
    {
        var partition = Partition.Parse("given 0 / 3..4 / 1..2").Spec;
        const long Head = 2 * 16 * 50;

        // In a block: 2 * 16 for each number of queries (16), keys and values (8 each), output (16); 6 * 16 * 24 of the MLP; 4 * 16 for each key.
        const long Mixing = (2 * 16 * 32) + (6 * 16 * 24), Memory = 2 * 16 * 16, PerKey = 4 * 16;
        const long ContentKeys = 1 + (2 * 3) + (2 * 5), QueryKeys = (2 * 1) + (2 * 3);
        const long Content = (5 * 3 * Memory) + (2 * ((5 * Mixing) + (ContentKeys * PerKey)));
        const long Query = (3 * ((4 * Mixing) + (QueryKeys * PerKey))) + (4 * Head);

        Assert.Equal(3 * (Content + Query), TrainFlops.TwoStream(Architecture, [partition]));
    }
}
