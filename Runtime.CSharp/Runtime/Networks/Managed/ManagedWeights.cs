using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Model;
using Microsoft.FSharp.Collections;

namespace A3.Runtime.Networks.Managed;

/// <summary>The weights of one block of the network, packed for the kernels.</summary>
/// <param name="AttentionNorm">Scales of RMSNorm, [width].</param>
/// <param name="QueryKeyValue">The three projections as one, [query heads then key heads then value heads, width].</param>
/// <param name="AttentionOutput">[width, query heads].</param>
/// <param name="MlpNorm">Scales of RMSNorm, [width].</param>
/// <param name="GateUp">A panel of gates, then a panel of ups, and so on: the two are read together. [2 padded MLP width, width].</param>
/// <param name="Down">[width, MLP width].</param>
internal sealed record ManagedBlock(
    AlignedBuffer AttentionNorm,
    PackedMatrix QueryKeyValue,
    PackedMatrix AttentionOutput,
    AlignedBuffer MlpNorm,
    PackedMatrix GateUp,
    PackedMatrix Down);

/// <summary>All weights of a network, packed; immutable, safe to share between threads.</summary>
internal sealed unsafe class ManagedWeights
{
    private readonly Model.Architecture architecture;
    private readonly Func<string, float[]> source;
    private readonly Dictionary<string, FSharpList<int>> shapes;
    private readonly MemoryArena arena;
    private readonly AlignedBuffer? embedding;

    /// <summary>
    /// Reads every tensor of the architecture once, by its name; one of the wrong size throws <see cref="ArgumentException"/>.
    /// </summary>
    public ManagedWeights(Model.Architecture architecture, Func<string, float[]> source)
    {
        this.architecture = architecture;
        this.source = source;
        arena = new MemoryArena(ArchitectureModule.parameterCount(architecture));
        shapes = ArchitectureModule.parameters(architecture).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        if (!architecture.QueryStream.IsAbsent)
        {
            QueryEmbedding = ReadVector(ArchitectureModule.queryEmbedding);
        }

        if (architecture.TiedHead)
        {
            Head = ReadMatrix(ArchitectureModule.embedding);
        }
        else
        {
            embedding = ReadVector(ArchitectureModule.embedding);
            Head = ReadMatrix(ArchitectureModule.head);
        }

        Blocks = [.. Enumerable.Range(0, architecture.Layers).Select(ReadBlock)];
        FinalNorm = ReadVector(ArchitectureModule.finalNorm);
    }

    public IReadOnlyList<ManagedBlock> Blocks { get; }

    /// <summary>Scales of RMSNorm, [width].</summary>
    public AlignedBuffer FinalNorm { get; }

    /// <summary>What the query stream starts from, [width]; null without a query stream.</summary>
    public AlignedBuffer? QueryEmbedding { get; }

    /// <summary>[vocabulary, width]; with a tied head also the embedding, which is then not held twice.</summary>
    public PackedMatrix Head { get; }

    /// <summary>Copies the embedding of a token, [width], to <paramref name="target"/>.</summary>
    public void Embed(int token, float* target)
    {
        if (embedding is null)
        {
            Head.CopyOutput(token, target);
        }
        else
        {
            new ReadOnlySpan<float>(embedding.Pointer + (long)token * architecture.Width, architecture.Width)
                .CopyTo(new Span<float>(target, architecture.Width));
        }
    }

    private ManagedBlock ReadBlock(int index)
    {
        string Name(string part) => ArchitectureModule.layer(index, part);

        return new ManagedBlock(
            ReadVector(Name("input_layernorm")),
            ReadMatrix(Name("self_attn.q_proj"), Name("self_attn.k_proj"), Name("self_attn.v_proj")),
            ReadMatrix(Name("self_attn.o_proj")),
            ReadVector(Name("post_attention_layernorm")),
            ReadGateUp(Name("mlp.gate_proj"), Name("mlp.up_proj")),
            ReadMatrix(Name("mlp.down_proj")));
    }

    private AlignedBuffer ReadVector(string name)
    {
        var numbers = Read(name);
        var buffer = arena.Take(numbers.Length);
        numbers.CopyTo(new Span<float>(buffer.Pointer, numbers.Length));
        return buffer;
    }

    /// <summary>Stacks the outputs of matrices with the same inputs.</summary>
    private PackedMatrix ReadMatrix(params ReadOnlySpan<string> names)
    {
        var outputs = 0;
        foreach (var name in names)
        {
            outputs += shapes[name][0];
        }

        var matrix = new PackedMatrix(outputs, shapes[names[0]][1], arena);
        var first = 0;
        foreach (var name in names)
        {
            matrix.Fill(first, Read(name));
            first += shapes[name][0];
        }

        return matrix;
    }

    /// <summary>Alternates panels of two matrices of one shape; their last panels are padded with zeros.</summary>
    private PackedMatrix ReadGateUp(string gate, string up)
    {
        var (outputs, inputs) = (shapes[gate][0], shapes[gate][1]);
        var columns = PanelKernel.Columns;
        var panels = (outputs + columns - 1) / columns;
        var matrix = new PackedMatrix(2 * panels * columns, inputs, arena);
        var (gates, ups) = (Read(gate), Read(up));

        for (var panel = 0; panel < panels; panel++)
        {
            var start = panel * columns * inputs;
            var length = Math.Min(columns, outputs - panel * columns) * inputs;
            matrix.Fill(2 * panel * columns, gates.AsSpan(start, length));
            matrix.Fill((2 * panel + 1) * columns, ups.AsSpan(start, length));
        }

        return matrix;
    }

    private float[] Read(string name)
    {
        var numbers = source(name);
        var expected = shapes[name].Aggregate(1L, (size, side) => size * side);

        return numbers.Length == expected
            ? numbers
            : throw new ArgumentException(
                $"{name} holds {numbers.Length} numbers, but its shape [{string.Join(", ", shapes[name])}] asks for {expected}.",
                nameof(source));
    }
}
