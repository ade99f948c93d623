using A3.Runtime.Tokenizers;

namespace A3.Runtime;

/// <summary>Loads the tokenizer of a checkpoint directory.</summary>
public static class Tokenizer
{
    private static readonly (string Name, Func<string, byte[], TokenizerParts> Read)[] Formats =
    [
        (HuggingFaceReader.FileName, HuggingFaceReader.Read),
        (SentencePieceReader.FileName, SentencePieceReader.Read),
    ];

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
        return FilesIn(directory).FirstOrDefault() is { } file
            ? LoadFile(directory, file)
            : throw new TokenizerException(
                directory, "", "holds neither tokenizer.json nor tokenizer.model; a checkpoint has one of them.");
    }

    /// <summary>Names of the tokenizer files of a directory, the preferred one first.</summary>
    internal static IEnumerable<string> FilesIn(string directory) =>
        Formats.Select(format => format.Name).Where(name => File.Exists(Path.Combine(directory, name)));

    /// <summary>Reads one of <see cref="FilesIn"/>.</summary>
    internal static BytePairTokenizer LoadFile(string directory, string name)
    {
        var file = Path.Combine(directory, name);
        var parts = Formats.Single(format => format.Name == name).Read(file, TokenizerFile.Read(file));
        return new BytePairTokenizer(CompanionFiles.Complete(parts, directory));
    }
}
