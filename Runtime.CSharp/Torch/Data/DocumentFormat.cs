using System.Text.Json;

namespace A3.Torch.Data;

/// <summary>How the documents of a file lie in it, by its name and its first line that is not blank.</summary>
internal enum DocumentFormat
{
    /// <summary>Text, in which lines <c>&lt;|endoftext|&gt;</c> separate documents.</summary>
    Separated,

    /// <summary>One JSON object a line, with the text in one of its fields.</summary>
    JsonLines,
}

/// <summary>Tells formats apart.</summary>
internal static class DocumentFormats
{
    private static readonly string[] LineNames = [".jsonl", ".ndjson", ".jsonlines", ".ldjson"];

    /// <summary>
    /// JSON lines by name (<c>.jsonl</c>, <c>.ndjson</c>, <c>.jsonlines</c>, <c>.ldjson</c>, <c>.txt</c> behind one of them included), or a <c>.json</c>
    /// whose first line is an object; any other <c>.json</c> is refused, since it would be trained on as text. What is text by
    /// name stays text.
    /// </summary>
    /// <exception cref="TrainingException">A <c>.json</c> file that is no JSON lines.</exception>
    public static DocumentFormat Of(string path, TextLine first) =>
        IsNamed(path, LineNames) ? DocumentFormat.JsonLines
        : !IsNamed(path, ".json") ? DocumentFormat.Separated
        : IsObject(first.Text) ? DocumentFormat.JsonLines
        : throw new TrainingException($"{Shown.Text(path)}, line {first.Number}: {Complaint(first.Text)}");

    /// <summary>Whether a line is one whole JSON object.</summary>
    public static bool IsObject(string line)
    {
        if (!line.AsSpan().TrimStart().StartsWith('{'))
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsNamed(string path, params ReadOnlySpan<string> extensions)
    {
        var name = Path.GetFileName(path);
        name = name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) ? name[..^4] : name;
        foreach (var extension in extensions)
        {
            if (name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string Complaint(string firstLine) => firstLine.AsSpan().TrimStart() switch
    {
        ['[', ..] => "a JSON array; write its objects one a line (jq -c '.[]' FILE > FILE.jsonl).",
        ['{', ..] => "a JSON object that does not end on its line; write one object a line (jq -c . FILE > FILE.jsonl).",
        _ => "not a JSON object; a .json file of documents has one object a line, and a file of text another name (.txt).",
    };
}
