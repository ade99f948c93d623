namespace A3;

/// <summary>Text to tokens and back; safe to share between threads.</summary>
/// <remarks>
/// A text may be encoded in pieces, as infilling does: the first piece with <see cref="Encode"/>, every later one with
/// <see cref="EncodeContinuation"/>; <see cref="Decode"/> of all ids in order then gives the whole text back. Exceptions:
/// special tokens decode to nothing, where parsing them was asked for;
/// files with byte fallback write a space as U+2581, so that one becomes a space, and where they add a leading
/// space, one in front of everything counts as that one even if the first piece was empty.
/// </remarks>
public interface ITokenizer
{
    /// <summary>One more than the largest token id.</summary>
    int VocabularySize { get; }

    /// <summary>The token that begins a text, or null where the vocabulary names none.</summary>
    int? BosId { get; }

    /// <summary>The first of <see cref="EosIds"/>, which training puts at the end of every text; null where there is none.</summary>
    int? EosId { get; }

    /// <summary>
    /// The tokens that end a text, each of them: what the tokenizer's files, <c>config.json</c> and <c>generation_config.json</c>
    /// name; without duplicates, empty where they name none.
    /// </summary>
    IReadOnlyList<int> EosIds { get; }

    /// <summary>
    /// What the tokenizer's own rules put before a text: BOS as a rule, nothing where they put nothing. Causal decoding and
    /// scoring begin with these tokens.
    /// </summary>
    IReadOnlyList<int> Prefix { get; }

    /// <summary>
    /// The token at position 0 of every text for two streams, in training and in decoding, which is always given: the one that
    /// <c>config.json</c> calls <c>a3_first_token</c>, else BOS, else the first that ends a text; null where there is none of these.
    /// </summary>
    int? FirstId { get; }

    /// <summary>
    /// Whether the start of a text is encoded with one more space before it, which <see cref="Decode"/> takes away.
    /// </summary>
    bool AddsLeadingSpace { get; }

    /// <summary>Whether words of the vocabulary carry the space before them, as those of GPT-2 and SentencePiece do.</summary>
    bool AttachesSpaces { get; }

    /// <summary>The ids of a text, or of its first piece.</summary>
    /// <param name="text">Any UTF-16 text.</param>
    /// <param name="addBos">Whether the ids begin with <see cref="Prefix"/>, or with BOS where that is empty.</param>
    /// <param name="parseSpecial">
    /// Whether special tokens spelled out in the text are those tokens; otherwise they are characters like any others.
    /// </param>
    /// <exception cref="TokenizerException">
    /// BOS was asked for and there is none, or the vocabulary cannot express the text.
    /// </exception>
    /// <exception cref="A3Exception">The text holds half a surrogate pair, which no UTF-8 can hold.</exception>
    int[] Encode(string text, bool addBos, bool parseSpecial = false);

    /// <summary>The ids of a piece that follows other tokens: no BOS, and no space added before it.</summary>
    /// <param name="text">Any UTF-16 text.</param>
    /// <param name="parseSpecial">As for <see cref="Encode"/>.</param>
    /// <exception cref="TokenizerException">The vocabulary cannot express the text.</exception>
    /// <exception cref="A3Exception">The text holds half a surrogate pair, which no UTF-8 can hold.</exception>
    int[] EncodeContinuation(string text, bool parseSpecial = false);

    /// <summary>
    /// The text of ids that begin at the start of a text; special tokens are empty, bytes that are no UTF-8 become U+FFFD.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    string Decode(ReadOnlySpan<int> ids);

    /// <summary>The text of ids from the middle of a text: as <see cref="Decode"/>, but a leading space is kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    string DecodeContinuation(ReadOnlySpan<int> ids);

    /// <summary>The UTF-8 bytes a token stands for, possibly a part of a character; empty for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    ReadOnlyMemory<byte> TokenBytes(int id);

    /// <summary>
    /// A token as shown to people: its text, the name of a special token, or <c>&lt;0xE2&gt;</c> for parts of characters.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    string TokenText(int id);

    /// <summary>Whether a token is a mark (BOS, EOS, padding) and no text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    bool IsSpecial(int id);

    /// <summary>
    /// Writes the files that <see cref="Tokenizer.Load"/> reads back as this tokenizer, each one whole or not at all, and
    /// removes another tokenizer's that it would read instead; what only a model's <c>config.json</c> says about BOS and EOS
    /// stays with the model.
    /// </summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    void Save(string directory);
}
