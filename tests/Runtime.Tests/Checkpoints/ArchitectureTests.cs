using Xunit;

namespace A3.Runtime.Tests;

public sealed class ArchitectureTests
{
    [Fact]
    public void One_line_says_what_a_network_is() =>
        Assert.Equal(
            "LLaMA two-stream, 6 layers x 192 wide, 6 heads (6 KV), vocabulary 2048, context 256, 3.1M parameters",
            Architecture.Create(vocabulary: 2048, width: 192, layers: 6, heads: 6, context: 256).ToString());

    [Fact]
    public void Networks_are_compared_by_value()
    {
        var one = Architecture.Create(100, 32, 2, 4, 64);
        var same = Architecture.Create(100, 32, 2, 4, 64);
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, Architecture.Create(100, 32, 3, 4, 64));
        Assert.False(one.Equals(null));
    }

    [Fact]
    public void Counts_and_costs_follow_from_the_sizes()
    {
        var architecture = Architecture.Create(vocabulary: 100, width: 32, layers: 2, heads: 4, context: 64);
        const int Block = (4 * 32 * 32) + (3 * 32 * 96) + (2 * 32);
        Assert.Equal((100 * 32) + (2 * Block) + 32 + 32, architecture.ParameterCount);
        Assert.Equal(
            (2 * 2 * ((4 * 32 * 32) + (3 * 32 * 96))) + (2 * 32 * 100) + (2 * 4 * 32 * 10),
            architecture.FlopsPerToken(keys: 10));
        Assert.Equal(2 * 2 * 32 * 4, architecture.CacheBytesPerToken(bytesPerNumber: 4));
    }

    [Fact]
    public void A_size_that_breaks_a_rule_is_named()
    {
        var error = Assert.Throws<ArgumentException>(() => Architecture.Create(100, 32, 0, 4, 64));
        Assert.Equal("num_hidden_layers", error.ParamName);
    }

    [Fact]
    public void CSharp_sees_no_FSharp_types()
    {
        var members = typeof(Architecture).GetMethods().Where(method => method.DeclaringType == typeof(Architecture));
        Assert.All(
            members.SelectMany(method => method.GetParameters().Select(given => given.ParameterType).Append(method.ReturnType)),
            type => Assert.DoesNotContain("FSharp", type.FullName, StringComparison.Ordinal));
    }
}
