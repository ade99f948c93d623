using System.Collections.Immutable;
using A3.Runtime.Tokenizers;

namespace A3;

/// <summary>Loads the tokenizer of a checkpoint directory.</summary>
public static class Tokenizer
{
    private static readonly (string Name, Func<string, byte[], TokenizerParts> Read)[] Formats =
    [
        (HuggingFaceReader.FileName, HuggingFaceReader.Read),
        (SentencePieceReader.FileName, SentencePieceReader.Read),
    ];

    /// <summary>
    /// Reads <c>tokenizer.json</c>, else <c>tokenizer.model</c> with <c>added_tokens.json</c> and <c>special_tokens_map.json</c>;
    /// <c>tokenizer_config.json</c>, <c>config.json</c> and
    /// <c>generation_config.json</c> say more about the tokens that begin and end a text.
    /// </summary>
    /// <exception cref="TokenizerException">
    /// There is no tokenizer file, or one cannot be read, breaks its format or is of an unsupported kind.
    /// </exception>
    public static ITokenizer Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return new BytePairTokenizer(CompanionFiles.Complete(Parts(directory, Preferred(directory)), directory));
    }

    /// <summary>Every tokenizer file of a directory, the one that <see cref="Load"/> reads first; none where there is no such file.</summary>
    /// <param name="directory">A checkpoint directory.</param>
    /// <param name="vocabulary">Tokens of the network: those that a file lacks are special and without text.</param>
    /// <exception cref="TokenizerException">As <see cref="Load"/>.</exception>
    public static ImmutableArray<TokenizerDescription> Describe(string directory, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return [.. FilesIn(directory).Select(file => Described(file, LoadFile(directory, file, vocabulary)))];

        static TokenizerDescription Described(string file, BytePairTokenizer read) =>
            new(file, read.Kind, read.FileSize, read, [.. read.Notices]);
    }

    /// <summary>As <see cref="Load"/>, for a network with tokens of its own: those that the files lack are special and without text.</summary>
    /// <exception cref="TokenizerException">As <see cref="Load"/>.</exception>
    /// <exception cref="A3Exception">The network has fewer tokens than the tokenizer.</exception>
    internal static BytePairTokenizer LoadFor(string directory, int vocabulary)
    {
        var parts = Parts(directory, Preferred(directory));
        if (parts.Tokens.Count > vocabulary)
        {
            throw new A3Exception(
                $"{directory}: the tokenizer has ids up to {parts.Tokens.Count - 1}, but the weights know "
                + $"only 0..{vocabulary - 1}; they belong to different models.");
        }

        return new(CompanionFiles.Complete(parts.Covering(vocabulary), directory));
    }

    /// <summary>Names of the tokenizer files of a directory, the preferred one first.</summary>
    internal static IEnumerable<string> FilesIn(string directory) =>
        Formats.Select(format => format.Name).Where(name => File.Exists(Path.Combine(directory, name)));

    /// <summary>Reads one of <see cref="FilesIn"/>, for a network of at least so many tokens.</summary>
    internal static BytePairTokenizer LoadFile(string directory, string name, int vocabulary = 0) =>
        new(CompanionFiles.Complete(Parts(directory, name).Covering(vocabulary), directory));

    private static string Preferred(string directory) => FilesIn(directory).FirstOrDefault()
        ?? throw new TokenizerException(
            directory, "", "holds neither tokenizer.json nor tokenizer.model; a checkpoint has one of them.");

    private static TokenizerParts Parts(string directory, string name)
    {
        var file = Path.Combine(directory, name);
        var parts = Formats.Single(format => format.Name == name).Read(file, TokenizerFile.Read(file));
        return name == SentencePieceReader.FileName ? LegacyFiles.Complete(parts, directory) : parts;
    }
}
