using System.Text;
using System.Text.RegularExpressions;

namespace A3.Runtime.Tokenizers;

/// <summary>Reads a SentencePiece <c>tokenizer.model</c> of type BPE.</summary>
/// <remarks>
/// SentencePiece merges whichever neighbours spell a piece, best score first. The same table of merges as in a
/// <c>tokenizer.json</c> says it: every cut of a piece into two pieces is a merge, ranked by the score of the whole.
/// </remarks>
internal static partial class SentencePieceReader
{
    public const string FileName = "tokenizer.model";

    private const string Space = "\u2581";

    // Each piece costs its length squared; the longest in use (runs of spaces in Gemma) has 31 characters.
    private const int LongestPiece = 512;

    private enum Kind
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    private sealed record Piece(string Text, float Score, Kind Kind, int Offset);

    /// <exception cref="TokenizerException">The file breaks the format, or asks for something that is not supported.</exception>
    public static TokenizerParts Read(string file, byte[] content)
    {
        if (TiktokenLine().IsMatch(Encoding.Latin1.GetString(content, 0, Math.Min(content.Length, 1024))))
        {
            throw new TokenizerException(
                file, "", "is a tiktoken file, which says nothing about words and special tokens; save the tokenizer as tokenizer.json.");
        }

        var (pieces, trainer, normalizer) = (new List<Piece>(), new SentencePieceTraining(), new SentencePieceNormalization());
        var reader = new ProtobufReader(file, content);
        foreach (var field in reader.Fields())
        {
            switch (field.Number)
            {
                case 1:
                    pieces.Add(ReadPiece(file, reader, field));
                    break;
                case 2:
                    trainer = SentencePieceTraining.Read(reader.Nested(field));
                    break;
                case 3:
                    normalizer = SentencePieceNormalization.Read(reader.Nested(field));
                    break;
            }
        }

        trainer.Check(file, pieces.Count);
        normalizer.Check(file);
        return Parts(file, content, pieces, trainer, normalizer);
    }

    /// <summary>A line of the format with which LLaMA 3 was first published: a token in base64 and its rank.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9+/]+=* [0-9]+\r?\n", RegexOptions.CultureInvariant)]
    private static partial Regex TiktokenLine();

    private static Piece ReadPiece(string file, ProtobufReader reader, ProtobufField message)
    {
        var (text, score, kind) = ("", 0f, Kind.Normal);
        foreach (var field in reader.Nested(message))
        {
            switch (field.Number)
            {
                case 1:
                    text = Encoding.UTF8.GetString(field.Bytes.Span);
                    break;
                case 2:
                    score = field.Single;
                    break;
                case 3:
                    kind = (Kind)Math.Min(field.Scalar, 7);
                    break;
            }
        }

        var rule = (text.Length, kind) switch
        {
            (0 or > LongestPiece, _) => $"a piece of {text.Length} characters, but pieces have 1 to {LongestPiece}.",
            (_, Kind.Unused or < Kind.Normal or > Kind.Byte) =>
                $"piece \"{Shown.Text(text, 60)}\" of type {kind:D}, but only types 1, 2, 3, 4 and 6 are supported.",
            _ when float.IsNaN(score) => $"piece \"{Shown.Text(text, 60)}\" has no number for a score.",
            _ => null,
        };
        return rule is null ? new Piece(text, score, kind, message.Offset) : throw Fail(file, message.Offset, rule);
    }

    private static TokenizerParts Parts(
        string file,
        byte[] content,
        List<Piece> pieces,
        SentencePieceTraining trainer,
        SentencePieceNormalization normalizer)
    {
        var vocabulary = Vocabulary(file, pieces);
        var decoding = new Decoding(ByteLevel: false, ByteFallback: false, [(Space, " ")], normalizer.AddsLeadingSpace);
        var tokens = new TokenTable(pieces.Count);
        for (var id = 0; id < pieces.Count; id++)
        {
            SetToken(file, tokens, id, pieces[id], decoding);
        }

        var symbols = new CharacterSymbols(
            ModelReader.CharacterIds(vocabulary),
            ByteIds(tokens, pieces),
            Id(pieces, trainer.Unknown, Kind.Unknown),
            fuseUnknown: true);
        return new TokenizerParts
        {
            Source = file,
            Tokens = tokens,
            Model = new BytePairModel(symbols, Merges(pieces, vocabulary), wholeWords: null),
            Normalizer = normalizer.Steps,
            Added = [.. UserDefined(pieces)],
            BosId = Id(pieces, trainer.Bos, Kind.Control),
            EosIds = Id(pieces, trainer.Eos, Kind.Control) is { } eos ? [eos] : [],
            Prefix = Id(pieces, trainer.Bos, Kind.Control) is { } bos ? [bos] : [],
            AddsLeadingSpace = normalizer.AddsLeadingSpace,
            Files = [(FileName, content)],
        };
    }

    /// <summary>The pieces that text can become, without marks and byte tokens.</summary>
    private static Dictionary<string, int> Vocabulary(string file, List<Piece> pieces)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < pieces.Count; id++)
        {
            if (!all.Add(pieces[id].Text))
            {
                throw Fail(file, pieces[id].Offset, $"piece \"{Shown.Text(pieces[id].Text, 60)}\" occurs twice.");
            }

            if (pieces[id].Kind is Kind.Normal or Kind.UserDefined)
            {
                vocabulary.Add(pieces[id].Text, id);
            }
        }

        return vocabulary;
    }

    private static void SetToken(string file, TokenTable tokens, int id, Piece piece, Decoding decoding)
    {
        switch (piece.Kind)
        {
            case Kind.Unknown or Kind.Control:
                tokens.SetSpecial(id, piece.Text);
                break;
            case Kind.Byte:
                tokens.SetText(id, (decoding with { ByteFallback = true }).Bytes(piece.Text) is [var value]
                    ? [value]
                    : throw Fail(file, piece.Offset, $"\"{Shown.Text(piece.Text, 60)}\" is of type byte, but no byte such as <0xE2>."));
                break;
            default:
                tokens.SetText(id, decoding.Bytes(piece.Text));
                break;
        }
    }

    private static int[] ByteIds(TokenTable tokens, List<Piece> pieces)
    {
        var ids = new int[256];
        Array.Fill(ids, -1);
        for (var id = 0; id < pieces.Count; id++)
        {
            if (pieces[id].Kind == Kind.Byte)
            {
                ids[tokens.Bytes(id)[0]] = id;
            }
        }

        return ids;
    }

    private static IEnumerable<AddedToken> UserDefined(List<Piece> pieces)
        => pieces.Index().Where(piece => piece.Item.Kind == Kind.UserDefined).Select(piece => new AddedToken(
            piece.Item.Text,
            piece.Item.Text,
            piece.Index,
            Special: false,
            Normalized: true,
            SingleWord: false,
            StripLeft: false,
            StripRight: false));

    private static MergeTable Merges(List<Piece> pieces, Dictionary<string, int> vocabulary)
    {
        var merges = new MergeTable(pieces.Count);
        var lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        var (rank, score) = (0, float.NaN);
        var normal = pieces.Index().Where(piece => piece.Item.Kind == Kind.Normal);
        foreach (var (id, piece) in normal.OrderByDescending(piece => piece.Item.Score))
        {
            rank += piece.Score == score ? 0 : 1;
            score = piece.Score;
            for (var cut = 1; cut < piece.Text.Length; cut++)
            {
                if (lookup.TryGetValue(piece.Text.AsSpan(0, cut), out var left)
                    && lookup.TryGetValue(piece.Text.AsSpan(cut), out var right))
                {
                    merges.Add(left, right, new Merge(rank, id));
                }
            }
        }

        return merges;
    }

    /// <summary>The id a training names, where that piece is of the expected kind.</summary>
    private static int? Id(List<Piece> pieces, int id, Kind kind)
        => id >= 0 && id < pieces.Count && pieces[id].Kind == kind ? id : null;

    private static TokenizerException Fail(string file, int offset, string rule) => new(file, $"byte {offset}", rule);
}
