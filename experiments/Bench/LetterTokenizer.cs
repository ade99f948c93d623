namespace A3.Bench;

/// <summary>
/// What the tokens of a network without a tokenizer might stand for: three special ones, and letters. Draws then keep the rules that those of
/// <see cref="A3Model"/> keep; nothing ends a text, so that every run has the same length.
/// </summary>
/// <param name="vocabulary">Tokens.</param>
internal sealed class LetterTokenizer(int vocabulary) : ITokenizer
{
    private const int Special = 3;

    public int VocabularySize => vocabulary;

    public int? BosId => 0;

    public int? EosId => null;

    public IReadOnlyList<int> EosIds => [];

    public IReadOnlyList<int> Prefix => [0];

    public int? FirstId => 0;

    public bool AddsLeadingSpace => false;

    public bool AttachesSpaces => false;

    public int[] Encode(string text, bool addBos, bool parseSpecial = false) => EncodeContinuation(text, parseSpecial);

    public int[] EncodeContinuation(string text, bool parseSpecial = false) => [.. text.Select(letter => Special + letter % 26)];

    public string Decode(ReadOnlySpan<int> ids) => DecodeContinuation(ids);

    public string DecodeContinuation(ReadOnlySpan<int> ids) => string.Concat(ids.ToArray().Select(TokenText));

    public ReadOnlyMemory<byte> TokenBytes(int id) => IsSpecial(id) ? default : new[] { (byte)('a' + id % 26) };

    public string TokenText(int id) => IsSpecial(id) ? "" : $"{(char)('a' + id % 26)}";

    public bool IsSpecial(int id) => id < Special;

    public void Save(string directory) => throw new NotSupportedException("letters are in no file.");
}
