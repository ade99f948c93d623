using System.Text;

namespace A3.Runtime;

/// <summary>The lines of a UTF-8 file, read one by one; no file, not even an endless one, takes more memory than one line may.</summary>
internal static class TextLines
{
    /// <summary>Longest line, in UTF-16 units.</summary>
    internal const int Longest = 1 << 26;

    /// <exception cref="A3Exception">The file cannot be read, is not UTF-8, or has a line that is too long.</exception>
    public static IEnumerable<string> Of(string path)
    {
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var reader = Open(path, strict);
        var line = new StringBuilder();
        for (var number = 1; Next(reader, line, path, number); number++)
        {
            yield return line.ToString();
        }
    }

    /// <summary>Reads a line, without its end; false at the end of the file.</summary>
    private static bool Next(StreamReader reader, StringBuilder line, string path, int number)
    {
        line.Clear();
        try
        {
            int letter;
            while ((letter = reader.Read()) >= 0 && letter != '\n')
            {
                line.Append((char)letter);
                if (line.Length > Longest)
                {
                    throw new A3Exception(
                        $"{path}, line {number}: longer than {Longest} characters; break it into lines, with <|endoftext|> between documents.");
                }
            }

            if (line is [.., '\r'])
            {
                line.Length--;
            }

            return letter >= 0 || line.Length > 0;
        }
        catch (Exception error) when (error is DecoderFallbackException or IOException)
        {
            throw new A3Exception($"{path}, near line {number}: not UTF-8 text ({error.Message})", error);
        }
    }

    private static StreamReader Open(string path, Encoding encoding)
    {
        try
        {
            return new StreamReader(path, encoding);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new A3Exception($"{path}: cannot be read ({error.Message})", error);
        }
    }
}
