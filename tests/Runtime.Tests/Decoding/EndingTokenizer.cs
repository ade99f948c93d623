namespace A3.Runtime.Tests.Decoding;

/// <summary>A tokenizer of letters, of which one token ends texts.</summary>
internal sealed class EndingTokenizer(int end) : ITokenizer
{
    public int VocabularySize => 26;

    public int? BosId => null;

    public int? EosId => end;

    public IReadOnlyList<int> EosIds => [end];

    public IReadOnlyList<int> Prefix => [];

    public int? FirstId => end;

    public bool AddsLeadingSpace => false;

    public bool AttachesSpaces => false;

    public int[] Encode(string text, bool addBos, bool parseSpecial = false) => EncodeContinuation(text, parseSpecial);

    public int[] EncodeContinuation(string text, bool parseSpecial = false) => [.. text.Select(letter => letter - 'a')];

    public string Decode(ReadOnlySpan<int> ids) => DecodeContinuation(ids);

    public string DecodeContinuation(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(TokenText));

    public ReadOnlyMemory<byte> TokenBytes(int id) => IsSpecial(id) ? default : new[] { (byte)('a' + id) };

    public string TokenText(int id) => IsSpecial(id) ? "" : $"{(char)('a' + id)}";

    public bool IsSpecial(int id) => id == end;

    public void Save(string directory) => throw new NotSupportedException();
}
