using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace A3.Runtime.Tokenizers;

/// <summary>What each id stands for: the bytes of text tokens, the name of special ones.</summary>
internal sealed class TokenTable
{
    /// <summary>Bounds the memory that one absurd id can ask for; the largest vocabularies in use have 262,144 tokens.</summary>
    public const int LargestId = (1 << 22) - 1;

    private readonly byte[]?[] _bytes;
    private readonly string?[] _names;

    /// <param name="count">The number of ids; those never set are special tokens without text.</param>
    public TokenTable(int count)
    {
        _bytes = new byte[count][];
        _names = new string[count];
    }

    public int Count => _bytes.Length;

    /// <summary>A table of more ids, the new ones special tokens without text.</summary>
    public TokenTable Extended(int count)
    {
        var extended = new TokenTable(count);
        _bytes.CopyTo(extended._bytes, 0);
        _names.CopyTo(extended._names, 0);
        return extended;
    }

    public void SetText(int id, byte[] bytes) => (_bytes[id], _names[id]) = (bytes, null);

    public void SetSpecial(int id, string name) => (_bytes[id], _names[id]) = (null, name);

    /// <summary>The special token of a name, if there is one.</summary>
    public int? Special(string name) => Array.IndexOf(_names, name) is >= 0 and var id ? id : null;

    /// <summary>The text tokens with exactly these bytes, ascending.</summary>
    public IEnumerable<int> Spelled(byte[] bytes) => Enumerable.Range(0, Count)
        .Where(id => _bytes[id] is { } candidate && candidate.AsSpan().SequenceEqual(bytes));

    /// <summary>Whether more tokens begin with a space and go on than go on and end with one.</summary>
    public bool AttachesSpaces()
    {
        var balance = 0;
        foreach (var bytes in _bytes)
        {
            balance += bytes switch
            {
                [(byte)' ', not (byte)' ', ..] => 1,
                [.., not (byte)' ', (byte)' '] => -1,
                _ => 0,
            };
        }

        return balance > 0;
    }

    public byte[] Bytes(int id) => _bytes[Checked(id)] ?? [];

    public bool IsSpecial(int id) => _bytes[Checked(id)] is null;

    /// <summary>The text of a token where its bytes are UTF-8, else each byte as <c>&lt;0xE2&gt;</c>.</summary>
    public string Shown(int id)
    {
        var bytes = Bytes(id);
        return IsSpecial(id)
            ? _names[id] is { } name ? A3.Shown.Text(name) : $"<unused {id}>"
            : Utf8.IsValid(bytes)
                ? Encoding.UTF8.GetString(bytes)
                : string.Concat(bytes.Select(value => $"<0x{value:X2}>"));
    }

    public string Text(ReadOnlySpan<int> ids)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (var id in ids)
        {
            bytes.AddRange(Bytes(id));
        }

        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    private int Checked(int id) => id >= 0 && id < Count
        ? id
        : throw new ArgumentOutOfRangeException(nameof(id), $"Token id {id}, but the vocabulary holds only 0..{Count - 1}.");
}
