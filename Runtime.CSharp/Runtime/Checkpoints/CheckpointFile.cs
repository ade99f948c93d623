using System.Text;
using A3.Runtime.Storage;

namespace A3.Runtime.Checkpoints;

/// <summary>
/// Files of a checkpoint directory, whose every failure to be read is a <see cref="CheckpointException"/>.
/// </summary>
internal static class CheckpointFile
{
    /// <summary>The longest `config.json` is a few kilobytes.</summary>
    public const int LongestConfiguration = 1 << 24;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc cref="RegularFile.Length"/>
    public static long Length(string path) => RegularFile.Length(path);

    /// <summary>A text in UTF-8, with or without a byte-order mark.</summary>
    /// <exception cref="CheckpointException">The file is missing, unreadable, longer than it may be, or not UTF-8.</exception>
    public static string ReadText(string path, int longest = LongestConfiguration)
    {
        ReadOnlySpan<byte> content = RegularFile.Read(path, longest, Failing(path));
        var text = content.StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException error)
        {
            long place = content.Length - text.Length + Math.Max(0, error.Index);
            throw new CheckpointException(path, null, $"no UTF-8 at byte {place}", "text in UTF-8 is expected.", error);
        }
    }

    /// <summary>What makes the errors of a file.</summary>
    public static Func<string, string, Exception?, A3Exception> Failing(string path) =>
        (given, rule, cause) => new CheckpointException(path, null, given, rule, cause);

    public static CheckpointException Unreadable(string path, Exception error) =>
        new(path, null, error.Message.TrimEnd('.'), "a readable file is expected.", error);
}
