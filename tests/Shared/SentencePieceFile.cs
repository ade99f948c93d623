using System.Text;

namespace A3.Tests;

/// <summary>Writes small SentencePiece files.</summary>
internal sealed class SentencePieceFile
{
    private readonly MemoryStream _content = new();

    /// <summary>unk 0, BOS 1, EOS 2, bytes 3 to 258.</summary>
    public static SentencePieceFile Standard()
    {
        var file = new SentencePieceFile().Piece("<unk>", 0, 2).Piece("<s>", 0, 3).Piece("</s>", 0, 3);
        for (var value = 0; value < 256; value++)
        {
            file.Piece($"<0x{value:X2}>", 0, 6);
        }

        return file;
    }

    public SentencePieceFile Piece(string text, float score, int kind = 1)
    {
        var piece = new MemoryStream();
        Bytes(piece, 1, Encoding.UTF8.GetBytes(text));
        piece.WriteByte((2 << 3) | 5);
        piece.Write(BitConverter.GetBytes(score));
        Number(piece, 3, (ulong)kind);
        Bytes(_content, 1, piece.ToArray());
        return this;
    }

    /// <summary>The trainer's message: model type (2 is BPE) and more fields, if any.</summary>
    public SentencePieceFile Trainer(int modelType, params (int Field, ulong Value)[] more)
        => Message(2, [(3, (ulong)modelType), .. more]);

    /// <summary>The normalizer's message: whether a space is added (3), extra ones are removed (4), and spaces are escaped (5).</summary>
    public SentencePieceFile Normalizer(bool addsSpace = true, bool removesSpaces = false, bool escapes = true)
        => Message(3, [(3, addsSpace ? 1UL : 0), (4, removesSpaces ? 1UL : 0), (5, escapes ? 1UL : 0)]);

    public SentencePieceFile Message(int number, params (int Field, ulong Value)[] fields)
    {
        var message = new MemoryStream();
        foreach (var (field, value) in fields)
        {
            Number(message, field, value);
        }

        Bytes(_content, number, message.ToArray());
        return this;
    }

    public byte[] ToArray() => _content.ToArray();

    public ITokenizer Load() => Load(ToArray());

    public static ITokenizer Load(byte[] content)
    {
        using var folder = new Folder();
        File.WriteAllBytes(folder.File("tokenizer.model"), content);
        return Tokenizer.Load(folder.Path);
    }

    private static void Bytes(MemoryStream stream, int field, byte[] value)
    {
        Varint(stream, ((ulong)field << 3) | 2);
        Varint(stream, (ulong)value.Length);
        stream.Write(value);
    }

    private static void Number(MemoryStream stream, int field, ulong value)
    {
        Varint(stream, (ulong)field << 3);
        Varint(stream, value);
    }

    private static void Varint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
