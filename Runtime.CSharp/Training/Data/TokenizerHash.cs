using System.Security.Cryptography;
using System.Text;

namespace A3.Runtime;

/// <summary>Tells tokenizers apart by the files they are saved as.</summary>
internal static class TokenizerHash
{
    private const long Longest = 100_000_000;

    /// <summary>SHA-256 of the tokenizer's files in a directory, names included, in hexadecimal digits.</summary>
    /// <exception cref="A3Exception">One of them is no file, or longer than any tokenizer.</exception>
    public static string Of(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.GetFiles(directory, "tokenizer*").Order(StringComparer.Ordinal))
        {
            if (CheckpointFile.Length(path) is var bytes and (0 or > Longest))
            {
                throw new A3Exception($"{Shown.Text(path)}: {bytes} bytes; a file of a tokenizer has 1 to {Longest}.");
            }

            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path) + '\n'));
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
