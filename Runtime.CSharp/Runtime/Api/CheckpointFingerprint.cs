using System.Security.Cryptography;
using System.Text;
using A3.Model;
using A3.Runtime.Checkpoints;
using A3.Runtime.Tokenizers;

namespace A3;

/// <summary>
/// Tells models apart by every byte that decides what they compute: configuration, tokenizer and each number of the weights. Where they
/// lie, when they were written and how they are spread over files does not count.
/// </summary>
public static class CheckpointFingerprint
{
    /// <summary>Bytes of a tensor that one thread hashes at a time.</summary>
    private const int Piece = 1 << 24;

    private const int Digits = 16;

    /// <summary>What describes the network and the ends of its texts; either file may be missing.</summary>
    private static readonly string[] Texts = ["config.json", "generation_config.json"];

    /// <summary>Sixteen hexadecimal digits of a checkpoint directory. All weights are read, on all processors.</summary>
    /// <exception cref="CheckpointException">A file or a tensor of the checkpoint is missing or broken.</exception>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public static string Of(string directory, CancellationToken cancellation = default)
    {
        using var checkpoint = Checkpoint.Open(directory);
        var tensors = ArchitectureModule.parameters(checkpoint.Configuration.Architecture)
            .Select(parameter => checkpoint[parameter.Name])
            .ToArray();
        IEnumerable<string> lines =
        [
            .. Texts.Select(name => Path.Combine(directory, name)).Select(path => File.Exists(path) ? Hash(CheckpointFile.ReadText(path)) : ""),
            TokenizerHash.Of(directory),
            .. tensors.Select(tensor => tensor.ToString()),
            .. Hashes(tensors, cancellation),
        ];
        return Hash(string.Join('\n', lines))[..Digits];
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Of the pieces of all tensors, in their order.</summary>
    private static unsafe string[] Hashes(TensorView[] tensors, CancellationToken cancellation)
    {
        var pieces = tensors.SelectMany(tensor => Pieces(tensor.ByteLength).Select(start => (tensor, start))).ToArray();
        var hashes = new string[pieces.Length];
        Parallel.For(0, pieces.Length, new ParallelOptions { CancellationToken = cancellation }, index =>
        {
            var (tensor, start) = pieces[index];
            var bytes = new ReadOnlySpan<byte>(tensor.Pointer + start, (int)Math.Min(Piece, tensor.ByteLength - start));
            hashes[index] = Convert.ToHexStringLower(SHA256.HashData(bytes));
        });
        return hashes;
    }

    private static IEnumerable<long> Pieces(long length)
    {
        for (var start = 0L; start < length; start += Piece)
        {
            yield return start;
        }
    }
}
