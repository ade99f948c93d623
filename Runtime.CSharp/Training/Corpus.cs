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
        foreach (var line in TextLines.Of(path).Append(Separator))
        {
            if (line != Separator)
            {
                document.Append(line).Append('\n');
                if (document.Length > TextLines.Longest)
                {
                    throw new A3Exception($"{path}: a document longer than {TextLines.Longest} characters; put lines {Separator} between documents.");
                }

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
        var documents = new List<Document>();
        foreach (var text in paths.SelectMany(Texts))
        {
            cancellation.ThrowIfCancellationRequested();
            int[] tokens = [.. tokenizer.Encode(text, addBos: false), .. tokenizer.EosId is { } eos ? [eos] : Array.Empty<int>()];
            var (words, sentences) = TextBoundaries.Of(tokens, tokenizer);
            documents.Add(new Document(tokens, words, sentences is [0, ..] ? sentences : [0, .. sentences]));
        }

        return documents.Count > 0
            ? new Corpus(documents, bos)
            : throw new A3Exception($"no document in {string.Join(", ", paths)}: a document is any text that is not blank.");
    }
}
