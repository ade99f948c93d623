using System.Text;
using System.Text.Json;

namespace A3.Runtime;

/// <summary>The text of one document and the line of its file at which it starts.</summary>
internal readonly record struct SourceText(long Line, string Text);

/// <summary>
/// The documents of a file, one after another. In a JSON-lines file (<c>.jsonl</c>) each line is an object with the text in one of its
/// fields; in any other, lines <c>&lt;|endoftext|&gt;</c> end documents and blank ones do not count.
/// </summary>
internal static class DocumentFile
{
    private const string Separator = "<|endoftext|>";

    /// <summary>Longest document, in UTF-16 units.</summary>
    private const int Longest = TextLines.Longest;

    /// <summary>The texts of a file, for whoever needs no more.</summary>
    /// <exception cref="A3Exception">The file cannot be read, or a line is broken and that is fatal.</exception>
    public static IEnumerable<string> Texts(
        string path, string field = "text", BrokenLines broken = BrokenLines.Fail, CancellationToken cancellation = default)
    {
        using var stream = Open(path);
        foreach (var document in Read(stream, path, field, new BrokenLineLog(broken), cancellation))
        {
            yield return document.Text;
        }
    }

    /// <summary>The documents in a stream that <paramref name="path"/> names; the caller closes it.</summary>
    /// <exception cref="A3Exception">It cannot be read, or a line is broken and that is fatal.</exception>
    public static IEnumerable<SourceText> Read(
        Stream stream, string path, string field, BrokenLineLog log, CancellationToken cancellation)
    {
        var lines = Readable(TextLines.Of(stream, path, cancellation), path, log);
        return Path.GetExtension(path).Equals(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? JsonLines(lines, path, field, log)
            : Separated(lines, path, log);
    }

    /// <exception cref="A3Exception">There is no such file, or it may not be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new A3Exception($"{path}: cannot be read ({error.Message})", error);
        }
    }

    private static IEnumerable<TextLine> Readable(IEnumerable<TextLine> lines, string path, BrokenLineLog log)
    {
        foreach (var line in lines)
        {
            if (line.Fault is { } fault)
            {
                log.Add(path, line.Number, fault);
            }
            else
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<SourceText> Separated(IEnumerable<TextLine> lines, string path, BrokenLineLog log)
    {
        var document = new StringBuilder();
        var first = 1L;
        foreach (var line in lines.Append(new TextLine(0, Separator, null)))
        {
            if (document.Length == 0 && string.IsNullOrWhiteSpace(line.Text))
            {
                continue;
            }

            if (line.Text != Separator)
            {
                first = document.Length == 0 ? line.Number : first;
                // One unit too many is enough to know, and bounds the memory.
                var room = Longest + 1 - document.Length;
                document.Append(line.Text.AsSpan(0, Math.Min(room, line.Text.Length))).Append('\n', document.Length <= Longest ? 1 : 0);
                continue;
            }

            var text = document.Length > Longest ? "" : document.ToString().Trim();
            if (document.Length > Longest)
            {
                log.Add(path, first, $"a document longer than {Longest} characters; put lines {Separator} between documents.");
            }

            document.Clear();
            if (text.Length > 0)
            {
                yield return new SourceText(first, text);
            }
        }
    }

    private static IEnumerable<SourceText> JsonLines(IEnumerable<TextLine> lines, string path, string field, BrokenLineLog log)
    {
        foreach (var line in lines.Where(line => !string.IsNullOrWhiteSpace(line.Text)))
        {
            var (text, fault) = TextOf(line.Text, field);
            if (fault is null)
            {
                yield return new SourceText(line.Number, text);
            }
            else
            {
                log.Add(path, line.Number, fault);
            }
        }
    }

    /// <summary>The text in a field of a JSON object, or why there is none.</summary>
    private static (string Text, string? Fault) TextOf(string line, string field)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return root.ValueKind != JsonValueKind.Object ? ("", $"{root.ValueKind} in place of a JSON object with a field \"{field}\".")
                : !root.TryGetProperty(field, out var value) ? ("", $"no field \"{field}\"; --field names the one that holds the text.")
                : value.ValueKind != JsonValueKind.String ? ("", $"field \"{field}\" is {value.ValueKind}, not a string.")
                : string.IsNullOrWhiteSpace(value.GetString()) ? ("", $"field \"{field}\" is blank: there is nothing to learn from.")
                : (value.GetString()!.Trim(), null);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return ("", $"not JSON ({error.Message})");
        }
    }
}
