using A3.Bench;
using A3.Runtime.Networks;
using A3.Runtime.Networks.Managed;
using BenchmarkDotNet.Attributes;

namespace A3.Microbench;

// Inside the namespace: outside it, A3.Architecture would hide the record.
using A3.Model;

/// <summary>
/// A whole step of groupwise decoding over a cache of some length: a block with almost no products beside attention, managed
/// on one thread.
/// </summary>
/// <remarks>Unsealed because BenchmarkDotNet derives from it.</remarks>
public class PassBenchmarks
{
    private const int Width = 384;

    private ManagedNetwork? network;
    private ISequence? sequence;
    private ContentRow[] content = [];
    private QueryRow[] queries = [];
    private float[] logits = [];

    /// <summary>Keys in the cache.</summary>
    [Params(128, 1024)]
    public int Keys { get; set; }

    /// <summary>Content rows of the step, and as many query rows.</summary>
    [Params(1, 4, 8)]
    public int Group { get; set; }

    /// <summary>Fills a cache: four blocks with 8 heads of 48, a narrow MLP and a small vocabulary.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var architecture = Attention();
        network = new ManagedNetwork(architecture, new RandomWeights(architecture, SeedModule.ofInt(1)).Read, threads: 1);
        sequence = network.Open(Keys + Group);
        sequence.Forward([.. Enumerable.Range(0, Keys).Select(i => new ContentRow(0, i, i))], [], [], []);
        content = [.. Enumerable.Range(0, Group).Select(i => new ContentRow(1, Keys + i, Keys))];
        queries = [.. Enumerable.Range(0, Group).Select(i => new QueryRow(Keys + Group + i, Keys + 1))];
        logits = new float[Group * architecture.Vocabulary];
    }

    /// <summary>Ends the network.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        sequence!.Dispose();
        network!.Dispose();
    }

    /// <summary>One step; the cache is cropped to what it was.</summary>
    [Benchmark]
    public void Step()
    {
        sequence!.Crop(Keys);
        sequence.Forward(content, queries, logits, []);
    }

    private Architecture Attention()
    {
        var plain = ArchitectureModule.create(64, Width, 4, 8, Keys + 2 * Group);
        return new(
            plain.Vocabulary, plain.Width, plain.Layers, plain.Heads, plain.KvHeads, plain.HeadWidth, 32, plain.Context,
            plain.NormEpsilon, plain.RopeBase, plain.RopeScaling, plain.TiedHead, plain.Residual, plain.QueryStream);
    }
}
