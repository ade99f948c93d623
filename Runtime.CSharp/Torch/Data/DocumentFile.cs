using System.Text;
using A3.Runtime.Checkpoints;

namespace A3.Torch.Data;

/// <summary>The text of one document and the line of its file at which it starts.</summary>
internal readonly record struct SourceText(long Line, string Text);

/// <summary>
/// The documents of a file, one after another. In JSON lines (<see cref="DocumentFormats.Of"/>) each line is an object with the text in one
/// of its fields; in any other file lines <c>&lt;|endoftext|&gt;</c>, alone but for white space, end documents, and blank ones do not count.
/// </summary>
internal static class DocumentFile
{
    private const string Separator = "<|endoftext|>";

    /// <summary>Longest document, in UTF-16 units.</summary>
    private const int Longest = TextLines.Longest;

    /// <summary>The texts of a file, for whoever needs no more.</summary>
    /// <exception cref="TrainingException">The file cannot be read, or a line is broken and that is fatal.</exception>
    public static IEnumerable<string> Texts(
        string path, string field = "text", BrokenLines broken = BrokenLines.Fail, CancellationToken cancellation = default)
    {
        using var stream = Open(path);
        foreach (var document in Read(stream, path, field, new ReadingLog(broken), cancellation))
        {
            yield return document.Text;
        }
    }

    /// <summary>The documents in a stream that <paramref name="path"/> names; the caller closes it.</summary>
    /// <exception cref="TrainingException">It cannot be read, it is no text, or a line is broken and that is fatal.</exception>
    public static IEnumerable<SourceText> Read(
        Stream stream, string path, string field, ReadingLog log, CancellationToken cancellation)
    {
        using var lines = Readable(TextLines.Of(stream, path, cancellation), path, log).GetEnumerator();
        if (!lines.MoveNext())
        {
            yield break;
        }

        var documents = DocumentFormats.Of(path, lines.Current) == DocumentFormat.JsonLines
            ? JsonLines(From(lines), path, field, log)
            : Separated(From(lines), path, log);
        foreach (var document in documents)
        {
            yield return document;
        }
    }

    /// <summary>Opens a file of documents; it may be a link, but not a folder, a pipe or a device, which cannot be read twice.</summary>
    /// <exception cref="TrainingException">There is no such file, it holds nothing, or it may not be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            Check(path);
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"{Shown.Text(path)}: cannot be read ({Shown.Text(error.Message)})", error);
        }
    }

    /// <summary>Refuses what is no file of documents, before work begins.</summary>
    /// <exception cref="TrainingException">There is no such file, or it holds nothing.</exception>
    public static void Check(string path)
    {
        var shown = Shown.Text(path);
        if (Directory.Exists(path))
        {
            throw new TrainingException($"{shown}: a folder; name the files in it.");
        }

        try
        {
            // Asked before opening, because opening a pipe waits for its other end. Pipes and devices have no length.
            if (CheckpointFile.Length(path) == 0)
            {
                throw new TrainingException($"{shown}: holds nothing; a file of text is expected, not a pipe or a device, since it is read more than once.");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"{shown}: cannot be read ({Shown.Text(error.Message)})", error);
        }
    }

    /// <summary>The lines from the present one on, blank ones included.</summary>
    private static IEnumerable<TextLine> From(IEnumerator<TextLine> lines)
    {
        do
        {
            yield return lines.Current;
        }
        while (lines.MoveNext());
    }

    /// <summary>The lines that are text, from the first on that is not blank.</summary>
    private static IEnumerable<TextLine> Readable(IEnumerable<TextLine> lines, string path, ReadingLog log)
    {
        var begun = false;
        foreach (var line in lines)
        {
            if (line.Fault is { } fault)
            {
                log.Broken(path, line.Number, fault);
            }
            else if (begun || !string.IsNullOrWhiteSpace(line.Text))
            {
                begun = true;
                yield return line;
            }
        }
    }

    private static IEnumerable<SourceText> Separated(IEnumerable<TextLine> lines, string path, ReadingLog log)
    {
        var document = new StringBuilder();
        var first = 0L;
        foreach (var line in lines.Append(new TextLine(0, Separator, null)))
        {
            if (document.Length == 0 && string.IsNullOrWhiteSpace(line.Text))
            {
                continue;
            }

            if (!line.Text.AsSpan().Trim().SequenceEqual(Separator))
            {
                if (first == 0 && DocumentFormats.IsObject(line.Text))
                {
                    log.Remark(path, line.Number, "a JSON object, read as text; a file of JSON lines is named .jsonl.");
                }

                RemarkOnSeparator(line.Text, line.Number, path, log);
                first = document.Length == 0 ? line.Number : first;
                // One unit too many is enough to know, and bounds the memory.
                var room = Longest + 1 - document.Length;
                document.Append(line.Text.AsSpan(0, Math.Min(room, line.Text.Length))).Append('\n', document.Length <= Longest ? 1 : 0);
                continue;
            }

            var text = document.Length > Longest ? "" : document.ToString().Trim();
            if (document.Length > Longest)
            {
                log.Broken(path, first, $"a document longer than {Longest} characters; put lines {Separator} between documents.");
            }

            document.Clear();
            if (text.Length > 0)
            {
                yield return new SourceText(first, text);
            }
        }
    }

    private static void RemarkOnSeparator(string text, long line, string path, ReadingLog log)
    {
        if (text.Contains(Separator, StringComparison.Ordinal))
        {
            log.RemarkOnce(path, line, $"{Separator} beside other text is text; what separates documents stands on a line of its own.");
        }
    }

    private static IEnumerable<SourceText> JsonLines(IEnumerable<TextLine> lines, string path, string field, ReadingLog log)
    {
        foreach (var line in lines.Where(line => !string.IsNullOrWhiteSpace(line.Text)))
        {
            var (text, fault) = JsonText.Of(line.Text, field);
            if (fault is null)
            {
                RemarkOnSeparator(text, line.Number, path, log);
                yield return new SourceText(line.Number, text);
            }
            else
            {
                log.Broken(path, line.Number, fault);
            }
        }
    }
}
