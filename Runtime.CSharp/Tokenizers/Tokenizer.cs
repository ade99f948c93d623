using A3.Runtime.Tokenizers;

namespace A3.Runtime;

/// <summary>Loads the tokenizer of a checkpoint directory.</summary>
public static class Tokenizer
{
    /// <summary>
    /// Reads <c>tokenizer.json</c>, else <c>tokenizer.model</c>; where these name no BOS or EOS, <c>tokenizer_config.json</c>
    /// and then <c>config.json</c> do.
    /// </summary>
    /// <exception cref="TokenizerException">There is no tokenizer file, or one breaks its format or is of an unsupported kind.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ITokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var json = Path.Combine(directory, HuggingFaceReader.FileName);
        if (File.Exists(json))
        {
            return Complete(HuggingFaceReader.Read(json, File.ReadAllBytes(json)), directory);
        }

        throw new TokenizerException(directory, "", "holds neither tokenizer.json nor tokenizer.model; a checkpoint has one of them.");
    }

    private static BytePairTokenizer Complete(TokenizerParts parts, string directory) => new(CompanionFiles.Complete(parts, directory));
}
