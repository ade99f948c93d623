using A3.Bench;
using Xunit;

namespace A3.Cli.Tests.Benchmarks;

public sealed class SpreadTests
{
    [Fact]
    public void The_middle_of_an_odd_number_of_values_is_the_median_and_quartiles_lie_halfway_to_the_ends() =>
        Assert.Equal(new Spread(3, 2, 4), Spread.Of([5, 1, 4, 2, 3]));

    [Fact]
    public void Between_two_values_figures_are_interpolated() => Assert.Equal(new Spread(4, 3, 5), Spread.Of([6, 2]));

    [Fact]
    public void One_value_is_its_own_spread() => Assert.Equal(new Spread(7, 7, 7), Spread.Of([7]));

    [Fact]
    public void Nothing_has_no_median() => Assert.Throws<ArgumentException>(() => Spread.Of([]));
}
