namespace A3.Runtime.Tokenizers;

/// <summary>Reads a file whole, within a bound.</summary>
internal static class TokenizerFile
{
    // The largest tokenizer.json in use (Gemma, 256,000 tokens) has 34 MB.
    private const int LargestFile = 1 << 28;

    /// <exception cref="TokenizerException">The file cannot be read or is too large.</exception>
    public static byte[] Read(string file)
    {
        try
        {
            var length = new FileInfo(file).Length;
            return length <= LargestFile
                ? File.ReadAllBytes(file)
                : throw new TokenizerException(file, "", $"{length} bytes, but at most {LargestFile} are read.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(file, "", $"cannot be read: {error.Message}", error);
        }
    }
}
