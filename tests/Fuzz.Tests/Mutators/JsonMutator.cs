using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace A3.Fuzz.Tests.Mutators;

/// <summary>Faults of JSON that mostly stays JSON: of its values, its fields and its shape.</summary>
internal static class JsonMutator
{
    private static readonly string[] Values =
    [
        "null", "true", "{}", "[]", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[[[[]]]]", "{\"a\":{}}", "\"x\"", "[1, \"a\", null]", "1.5", "-1", "0",
        "2147483648", "9223372036854775808", "1e308", "1e999", "\"<unk>\"", "[0, 0]",
    ];

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Mutate(Chance chance, byte[] content)
    {
        if (chance.OneIn(4))
        {
            return TextMutator.Mutate(chance, content);
        }

        try
        {
            var root = JsonNode.Parse(content)!;
            List<JsonNode> places = [];
            Collect(root, places);
            return places.Count == 0 ? TextMutator.Mutate(chance, content) : Encoding.UTF8.GetBytes(Change(chance, root, chance.Pick(places)));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or NullReferenceException)
        {
            return TextMutator.Mutate(chance, content);
        }
    }

    /// <summary>Every line by itself; lines may also be lost, doubled and exchanged.</summary>
    public static byte[] MutateLines(Chance chance, byte[] content)
    {
        List<byte[]> lines = [.. Encoding.Latin1.GetString(content).Split('\n').Select(Encoding.Latin1.GetBytes)];
        var at = chance.Below(lines.Count);
        switch (chance.Below(8))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[chance.Below(lines.Count)]);
                break;
            case 2:
                return BytesMutator.Mutate(chance, content);
            default:
                lines[at] = Mutate(chance, lines[at]);
                break;
        }

        return [.. lines.SelectMany((line, index) => index == 0 ? line : [(byte)'\n', .. line])];
    }

    /// <summary>Objects and lists: what has something to change.</summary>
    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } fields:
                places.Add(fields);
                foreach (var field in fields)
                {
                    Collect(field.Value, places);
                }

                break;
            case JsonArray { Count: > 0 } items:
                places.Add(items);
                foreach (var item in items)
                {
                    Collect(item, places);
                }

                break;
        }
    }

    private static string Change(Chance chance, JsonNode root, JsonNode place)
    {
        // A marker, since a value such as 1e999 can be written but not held.
        var (marker, value) = ("\u0001", chance.Pick(Values));
        if (place is JsonObject fields)
        {
            ChangeField(chance, fields, marker);
        }
        else
        {
            ChangeItem(chance, (JsonArray)place, marker);
        }

        return root.ToJsonString(Relaxed).Replace("\"\\u0001\"", value, StringComparison.Ordinal);
    }

    private static void ChangeField(Chance chance, JsonObject fields, string marker)
    {
        var (name, value) = chance.Pick([.. fields]);
        switch (chance.Below(5))
        {
            case 0:
                fields.Remove(name);
                break;
            case 1:
                fields.Remove(name);
                fields[TextMutator.Mutate(chance, name)] = value;
                break;
            case 2 when value is JsonValue text && text.TryGetValue<string>(out var held):
                fields[name] = WellFormed(TextMutator.Mutate(chance, held));
                break;
            case 3:
                fields[name] = chance.Pick([.. fields]).Value?.DeepClone();
                break;
            default:
                fields[name] = marker;
                break;
        }
    }

    private static void ChangeItem(Chance chance, JsonArray items, string marker)
    {
        var at = chance.Below(items.Count);
        switch (chance.Below(5))
        {
            case 0:
                items.RemoveAt(at);
                break;
            case 1:
                items.Insert(at, items[chance.Below(items.Count)]?.DeepClone());
                break;
            case 2 when items[at] is JsonValue text && text.TryGetValue<string>(out var held):
                items[at] = WellFormed(TextMutator.Mutate(chance, held));
                break;
            default:
                items[at] = marker;
                break;
        }
    }

    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
