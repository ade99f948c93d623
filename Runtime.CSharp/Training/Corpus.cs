using System.Text;

namespace A3.Runtime;

/// <summary>One document as tokens, EOS at its end, with the places at which words and sentences start.</summary>
internal sealed record Document(int[] Tokens, int[] WordStarts, int[] SentenceStarts);

/// <summary>Tokenized documents in memory, in the order of their files.</summary>
internal sealed class Corpus
{
    private const string Separator = "<|endoftext|>";

    private Corpus(IReadOnlyList<Document> documents, int bos) => (Documents, Bos) = (documents, bos);

    public IReadOnlyList<Document> Documents { get; }

    /// <summary>The token every sequence starts with.</summary>
    public int Bos { get; }

    /// <summary>The texts of the documents of a file, which end at separator lines; blank ones are skipped.</summary>
    /// <exception cref="A3Exception">The file cannot be read or is not UTF-8.</exception>
    public static IEnumerable<string> Texts(string path)
    {
        var document = new StringBuilder();
        foreach (var line in Lines(path).Append(Separator))
        {
            if (line != Separator)
            {
                document.Append(line).Append('\n');
                continue;
            }

            var text = document.ToString().Trim();
            document.Clear();
            if (text.Length > 0)
            {
                yield return text;
            }
        }
    }

    /// <summary>Tokenizes all documents of the files.</summary>
    /// <exception cref="A3Exception">No file holds a document, or one cannot be read.</exception>
    public static Corpus Load(IReadOnlyList<string> paths, ITokenizer tokenizer, CancellationToken cancellation)
    {
        var bos = tokenizer.BosId ?? throw new A3Exception("the tokenizer has no BOS token, which every sequence starts with.");
        var marks = Enumerable.Range(0, tokenizer.VocabularySize).Select(id => Mark.Of(tokenizer.TokenBytes(id).Span)).ToArray();
        var documents = new List<Document>();
        foreach (var text in paths.SelectMany(Texts))
        {
            cancellation.ThrowIfCancellationRequested();
            int[] tokens = [.. tokenizer.Encode(text, addBos: false), .. tokenizer.EosId is { } eos ? [eos] : Array.Empty<int>()];
            documents.Add(new Document(tokens, [.. WordStarts(tokens, marks)], [.. SentenceStarts(tokens, marks)]));
        }

        return documents.Count > 0
            ? new Corpus(documents, bos)
            : throw new A3Exception($"no document in {string.Join(", ", paths)}: a document is any text that is not blank.");
    }

    private static IEnumerable<int> WordStarts(int[] tokens, Mark[] marks) =>
        Enumerable.Range(0, tokens.Length).Where(i => i == 0 || marks[tokens[i]].StartsWord);

    /// <summary>Where a word starts, or a line, after a token that ends a sentence and any closing quotes.</summary>
    private static IEnumerable<int> SentenceStarts(int[] tokens, Mark[] marks)
    {
        yield return 0;
        var ended = marks[tokens[0]].EndsSentence;
        for (var i = 1; i < tokens.Length; i++)
        {
            var mark = marks[tokens[i]];
            if (ended && (mark.StartsWord || marks[tokens[i - 1]].EndsLine))
            {
                yield return i;
            }

            ended = mark.EndsSentence || (ended && mark.ClosesQuote);
        }
    }

    private static IEnumerable<string> Lines(string path)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var reader = Open(path, strict);
        for (var number = 1; ; number++)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException error)
            {
                throw new A3Exception($"{path}, near line {number}: not UTF-8 ({error.Message}).", error);
            }

            if (line is null)
            {
                yield break;
            }

            yield return line;
        }
    }

    private static StreamReader Open(string path, Encoding encoding)
    {
        try
        {
            return new StreamReader(path, encoding);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new A3Exception($"{path}: cannot be read ({error.Message})", error);
        }
    }

    /// <summary>What a token says about the text around it.</summary>
    private readonly record struct Mark(bool StartsWord, bool EndsSentence, bool EndsLine, bool ClosesQuote)
    {
        public static Mark Of(ReadOnlySpan<byte> bytes)
        {
            var text = Encoding.Latin1.GetString(bytes);
            return new Mark(
                StartsWord: text.StartsWith(' ') || text.StartsWith('\n'),
                EndsSentence: text.TrimEnd('"', '\'', ' ') is [.., '.' or '!' or '?' or '\n'],
                EndsLine: text.EndsWith('\n'),
                ClosesQuote: text is "\"" or "'");
        }
    }
}
