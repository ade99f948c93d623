using System.Text.RegularExpressions;
using Xunit;

namespace A3.Docs.Tests;

/// <summary>Each thing that a network computes has one home among the loops, beside what it means (the oracle) and its form in tensors.</summary>
public sealed partial class OneHomeTests
{
    private const string Kernels = "Runtime.CSharp/Kernels/", Tensors = "Model.FSharp/Tensors/", Oracle = "Model.FSharp/Specification/Oracle.fs";

    /// <summary>What is said of it in code wherever it is computed, and the files that say it.</summary>
    public static TheoryData<string, string, string[]> Homes => new()
    {
        { "the vector exponential", @"FusedMultiplyAdd\(series", [Kernels + "Rows/Exponential.cs"] },
        { "RMSNorm", @"sum / width \+ epsilon|Length \+ epsilon|rsqrt", [Oracle, Tensors + "Norm.fs", Kernels + "Rows/RmsNorm.cs"] },
        { "RoPE", @"\* cosine\b|rotation\.Cosine\)\.addcmul|\* cos \w+", [Oracle, Tensors + "Rotation.fs", Kernels + "Rows/RotaryEmbedding.cs"] },
        { "attention's softmax", @"\bSoftmax\.\w+\(", [Kernels + "Attention/CachedAttention.cs", Kernels + "Attention/SpanBackward.cs", Kernels + "Attention/SpanForward.cs"] },
        { "sums of exponentials", @"\bExponential\.Of\(", [Kernels + "Rows/LogSumExp.cs", Kernels + "Rows/Softmax.cs", Kernels + "Rows/SwiGlu.cs", "Runtime.CSharp/Runtime/Sampling/ConfidenceStatistics.cs"] },
        { "the interface of parallel loops", @"internal interface IParallelFor\b", [Kernels + "Threads/IParallelFor.cs"] },
        { "threads of loops", @"class WorkerPool\b.*IParallelFor|interface IParallelFor with", [Tensors + "TorchParallelFor.fs", Kernels + "Threads/WorkerPool.cs"] },
        { "number types", @"^\s*(\| )?BFloat16( = \d+)?,?\s*$", ["Model.FSharp/Specification/NumberType.fs", "Runtime.CSharp/Runtime/Checkpoints/Dtype.cs"] },
    };

    [Theory]
    [MemberData(nameof(Homes))]
    public void Each_thing_has_one_home(string thing, string code, string[] homes)
    {
        var found = Sources().Where(file => Regex.IsMatch(Code(file), code, RegexOptions.Multiline)).ToArray();
        Assert.True(homes.ToHashSet().SetEquals(found), $"{thing} is in {string.Join(", ", found)}");
    }

    /// <summary>The sources of the libraries, by their paths in the repository.</summary>
    private static IEnumerable<string> Sources() =>
        from folder in new[] { "Model.FSharp", "Runtime.CSharp" }
        from pattern in new[] { "*.cs", "*.fs" }
        from path in Repository.Paths(folder, pattern)
        select path;

    /// <summary>A source without its comments.</summary>
    private static string Code(string path) => Comments().Replace(Repository.Read(path), "");

    [GeneratedRegex("//.*")]
    private static partial Regex Comments();
}
