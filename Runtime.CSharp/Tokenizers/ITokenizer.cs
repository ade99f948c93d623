namespace A3.Runtime;

/// <summary>Text to tokens and back; safe to share between threads.</summary>
/// <remarks>
/// A text may be encoded in pieces, as infilling does: the first piece with <see cref="Encode"/>, every later one with
/// <see cref="EncodeContinuation"/>; <see cref="Decode"/> of all ids in order then gives the whole text back. Exceptions: a lone
/// surrogate has no UTF-8 form and is encoded as U+FFFD; special tokens spelled out in a text may be read as such and decode
/// to nothing; files with byte fallback write a space as U+2581, so that one becomes a space, and where they add a leading
/// space, one in front of everything counts as that one even if the first piece was empty.
/// </remarks>
public interface ITokenizer
{
    /// <summary>One more than the largest token id.</summary>
    int VocabularySize { get; }

    /// <summary>The token that begins a text, or null where the vocabulary names none.</summary>
    int? BosId { get; }

    /// <summary>The token that ends a text, or null where the vocabulary names none.</summary>
    int? EosId { get; }

    /// <summary>
    /// Whether the start of a text is encoded with one more space before it, which <see cref="Decode"/> takes away.
    /// </summary>
    bool AddsLeadingSpace { get; }

    /// <summary>The ids of a text, or of its first piece.</summary>
    /// <param name="text">Any UTF-16 text; special tokens spelled out in it are recognised where the file format says so.</param>
    /// <param name="addBos">Whether the ids begin with BOS.</param>
    /// <exception cref="TokenizerException">
    /// BOS was asked for and there is none, or the vocabulary cannot express the text.
    /// </exception>
    int[] Encode(string text, bool addBos);

    /// <summary>The ids of a piece that follows other tokens: no BOS, and no space added before it.</summary>
    /// <exception cref="TokenizerException">The vocabulary cannot express the text.</exception>
    int[] EncodeContinuation(string text);

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
