using System.Text.Json;

namespace A3.Torch.Data;

/// <summary>The text in a field of a JSON object, or why there is none.</summary>
internal readonly record struct JsonText(string Text, string? Fault)
{
    /// <summary>The text that a line holds in a field.</summary>
    public static JsonText Of(string line, string field)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? OfFields([.. root.EnumerateObject().Where(entry => IsNamed(entry, field))], field)
                : Broken($"{root.ValueKind} in place of a JSON object with a field \"{Shown.Text(field)}\".");
        }
        catch (JsonException error)
        {
            return Broken($"not JSON at byte {error.BytePositionInLine} of the line ({Shown.Text(Cause(error))})");
        }
    }

    private static JsonText OfFields(JsonProperty[] fields, string field)
    {
        var name = Shown.Text(field);
        return fields switch
        {
            [] => Broken($"no field \"{name}\"; --field names the one that holds the text."),
            [_, _, ..] => Broken($"{fields.Length} fields \"{name}\"; one is expected."),
            [{ Value.ValueKind: not JsonValueKind.String } other] => Broken($"field \"{name}\" is {other.Value.ValueKind}, not a string."),
            [var one] => OfString(one.Value, name),
        };
    }

    private static JsonText OfString(JsonElement value, string name)
    {
        try
        {
            var text = value.GetString()!.Trim();
            return text.Length > 0 ? new(text, null) : Broken($"field \"{name}\" is blank: there is nothing to learn from.");
        }
        catch (InvalidOperationException) when (HalfSurrogate.First(value.GetRawText()) is { } half)
        {
            return Broken($"field \"{name}\" has half a surrogate pair ({half.Escape}) behind {half.Units} characters, which is no text.");
        }
    }

    private static JsonText Broken(string fault) => new("", fault);

    /// <summary>A name with half a surrogate pair is not the one that is looked for.</summary>
    private static bool IsNamed(JsonProperty entry, string field)
    {
        try
        {
            return entry.NameEquals(field);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>What is wrong, without the place, which .NET says behind it.</summary>
    private static string Cause(JsonException error)
    {
        var place = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return place < 0 ? error.Message : error.Message[..place];
    }
}
