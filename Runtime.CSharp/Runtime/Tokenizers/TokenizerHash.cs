using System.Security.Cryptography;
using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>Tells tokenizers apart by the files they are saved as.</summary>
internal static class TokenizerHash
{
    private static readonly string[] Files = [HuggingFaceReader.FileName, SentencePieceReader.FileName, CompanionFiles.TokenizerConfig];

    /// <summary>SHA-256 of the tokenizer's files in a directory, names included, in hexadecimal digits.</summary>
    /// <exception cref="A3Exception">One of them is no file, or longer than any tokenizer.</exception>
    public static string Of(string directory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in Files.Where(name => File.Exists(Path.Combine(directory, name))))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + '\n'));
            hash.AppendData(TokenizerFile.Read(Path.Combine(directory, name)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
