using System.Collections.Immutable;

namespace A3;

/// <summary>A tokenizer file of a checkpoint directory, and what is in it.</summary>
/// <param name="File">Its name.</param>
/// <param name="Kind">In words, such as byte-level BPE.</param>
/// <param name="Size">Tokens of the file.</param>
/// <param name="Tokenizer">What it holds, for a network that may have more tokens.</param>
/// <param name="Notices">What of it is not followed, a sentence each.</param>
public sealed record TokenizerDescription(string File, string Kind, int Size, ITokenizer Tokenizer, ImmutableArray<string> Notices);
