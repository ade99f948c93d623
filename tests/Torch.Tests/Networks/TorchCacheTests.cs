using TorchSharp;
using Xunit;

namespace A3.Torch.Tests;

using A3.Model;

/// <summary>What caches of libtorch take, asked for before any is made.</summary>
public sealed class TorchCacheTests
{
    private static readonly Architecture Grouped = RandomNetwork.Kinds["grouped queries"];

    [Theory]
    [InlineData(torch.ScalarType.Float32, 4)]
    [InlineData(torch.ScalarType.BFloat16, 2)]
    public void A_cache_of_libtorch_takes_all_its_rows_in_the_type_of_the_weights(torch.ScalarType type, int bytes)
    {
        using var network = RandomTorchNetwork.Create(Grouped, type: type);
        Assert.Equal(50 * 2 * 2 * 2 * 10 * bytes, network.CacheBytes(50, 20));
        using var sequence = (TorchSequence)network.Open(50);
        Assert.Equal(50, sequence.Cache.Capacity);
    }

    [Fact]
    public void More_memory_than_the_device_has_is_an_error_of_one_line_and_changes_nothing()
    {
        // More than a processor can address, so that no system promises it.
        using var network = RandomTorchNetwork.Create(
            RandomNetwork.With(Grouped, heads: 1, kvHeads: 1, headWidth: 1 << 15, context: int.MaxValue));
        var error = Assert.ThrowsAny<A3Exception>(() => network.Open(int.MaxValue));
        Assert.StartsWith($"a cache of {network.CacheBytes(int.MaxValue)} bytes needs more memory than the device has: ", error.Message);
        Assert.EndsWith("; start fewer decodes at a time, or shorter ones.", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Where_nothing_limits_them_caches_may_take_what_the_process_may_have_beside_the_weights()
    {
        using var tensors = RandomTorchNetwork.Create(Grouped, type: torch.ScalarType.BFloat16);
        var all = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assert.Equal(all - 2 * ArchitectureModule.parameterCount(Grouped), tensors.CacheMemory);
    }
}
