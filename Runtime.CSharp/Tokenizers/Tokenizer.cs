using A3.Runtime.Tokenizers;

namespace A3.Runtime;

/// <summary>Loads the tokenizer of a checkpoint directory.</summary>
public static class Tokenizer
{
    /// <summary>
    /// Reads <c>tokenizer.json</c>, else <c>tokenizer.model</c>; where these name no BOS or EOS, <c>tokenizer_config.json</c>
    /// and then <c>config.json</c> do.
    /// </summary>
    /// <exception cref="TokenizerException">
    /// There is no tokenizer file, or one cannot be read, breaks its format or is of an unsupported kind.
    /// </exception>
    public static ITokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        (string Name, Func<string, byte[], TokenizerParts> Read)[] formats =
        [
            (HuggingFaceReader.FileName, HuggingFaceReader.Read),
            (SentencePieceReader.FileName, SentencePieceReader.Read),
        ];
        foreach (var (name, read) in formats)
        {
            var file = Path.Combine(directory, name);
            if (File.Exists(file))
            {
                return new BytePairTokenizer(CompanionFiles.Complete(read(file, TokenizerFile.Read(file)), directory));
            }
        }

        throw new TokenizerException(
            directory, "", "holds neither tokenizer.json nor tokenizer.model; a checkpoint has one of them.");
    }
}
