namespace A3.Torch.Data;

/// <summary>Files of documents, and the tokenizer that makes their tokens.</summary>
/// <param name="Source">The files and how they are read.</param>
/// <param name="Tokenizer">Makes the tokens.</param>
/// <param name="TokenizerHash">Tells the tokenizer from others; see <see cref="A3.Runtime.Tokenizers.TokenizerHash"/>.</param>
internal sealed record Tokenization(DataSource Source, ITokenizer Tokenizer, string TokenizerHash);
