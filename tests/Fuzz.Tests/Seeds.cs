using System.Text;

namespace A3.Fuzz.Tests;

/// <summary>Good inputs that faults are put into.</summary>
internal static class Seeds
{
    public static string Model => Above("experiments/models/tinystories-a3");

    public static byte[] File(string path) => System.IO.File.ReadAllBytes(Above(path));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A SentencePiece file of unk, BOS, EOS, all bytes and some pieces, of type BPE.</summary>
    public static byte[] SentencePiece()
    {
        using var file = new MemoryStream();
        string[] pieces = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "\u2581", "a", "b", "ab", "\u2581ab"];
        for (var id = 0; id < pieces.Length; id++)
        {
            var text = Utf8(pieces[id]);
            byte kind = id switch { 0 => 2, < 3 => 3, < 259 => 6, _ => 1 };
            Message(file, 1, [0x0a, (byte)text.Length, .. text, 0x15, .. BitConverter.GetBytes(-(float)id), 0x18, kind]);
        }

        Message(file, 2, [0x18, 2]);
        Message(file, 3, [0x18, 1, 0x20, 0, 0x28, 1]);
        return file.ToArray();
    }

    private static void Message(MemoryStream file, int field, byte[] content)
    {
        file.Write([(byte)((field << 3) | 2), (byte)content.Length]);
        file.Write(content);
    }

    private static string Above(string relative)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, relative);
            if (Path.Exists(path))
            {
                return path;
            }
        }

        throw new DirectoryNotFoundException($"{relative} is not above {AppContext.BaseDirectory}.");
    }
}
