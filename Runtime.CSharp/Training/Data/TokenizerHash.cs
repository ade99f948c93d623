using System.Security.Cryptography;
using System.Text;

namespace A3.Runtime;

/// <summary>Tells tokenizers apart by the files they are saved as.</summary>
internal static class TokenizerHash
{
    /// <summary>SHA-256 of the tokenizer's files in a directory, names included, in hexadecimal digits.</summary>
    public static string Of(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Directory.GetFiles(directory, "tokenizer*").Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path) + '\n'));
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
