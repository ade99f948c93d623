namespace A3.Runtime.Tokenizers;

/// <summary>The token at position 0 of every text for two streams.</summary>
internal static class FirstToken
{
    /// <summary>That of a tokenizer.</summary>
    /// <exception cref="A3Exception">It has none.</exception>
    public static int Of(ITokenizer tokenizer) => tokenizer.FirstId ?? throw new A3Exception(
        "The tokenizer names neither a BOS nor an end-of-text token, but decoding starts from one of them; name bos_token or "
        + "eos_token in tokenizer_config.json.");
}
