using System.Text.Json;

namespace A3.Runtime.Tokenizers;

/// <summary>A value in a JSON file together with the path that leads to it, so that every complaint names its place.</summary>
internal readonly record struct JsonPlace(string File, string Path, JsonElement Value)
{
    /// <exception cref="TokenizerException">The content is no JSON object.</exception>
    public static JsonPlace Parse(string file, ReadOnlyMemory<byte> content)
    {
        try
        {
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
            var root = JsonElement.Parse(content.Span, options);
            var place = new JsonPlace(file, "", root);
            return root.ValueKind == JsonValueKind.Object ? place : throw place.Fail("is no JSON object.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new TokenizerException(file, "", $"no JSON: {error.Message}", error);
        }
    }

    /// <summary>Whether the value is absent or null.</summary>
    public bool Missing => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    public bool IsText => Value.ValueKind == JsonValueKind.String;

    public bool IsArray => Value.ValueKind == JsonValueKind.Array;

    public bool IsObject => Value.ValueKind == JsonValueKind.Object;

    public bool IsZero => Value.ValueKind == JsonValueKind.Number && Value.TryGetDouble(out var number) && number == 0;

    /// <summary>A property, <see cref="Missing"/> where the object lacks it.</summary>
    public JsonPlace this[string name]
    {
        get
        {
            Expect(JsonValueKind.Object, "an object");
            var path = Path.Length == 0 ? name : $"{Path}.{name}";
            return new JsonPlace(File, path, Value.TryGetProperty(name, out var value) ? value : default);
        }
    }

    public IEnumerable<JsonPlace> Items()
    {
        Expect(JsonValueKind.Array, "a list");
        var (file, path) = (File, Path);
        return Value.EnumerateArray().Select((item, index) => new JsonPlace(file, $"{path}[{index}]", item));
    }

    public IEnumerable<(string Name, JsonPlace Value)> Properties()
    {
        Expect(JsonValueKind.Object, "an object");
        foreach (var property in Value.EnumerateObject())
        {
            yield return (Name(property), new JsonPlace(File, $"{Path}[\"{Name(property)}\"]", property.Value));
        }
    }

    public string Text()
    {
        Expect(JsonValueKind.String, "a string");
        return Decoded(Value.GetString)!;
    }

    /// <summary>A string that is one UTF-16 character.</summary>
    public char Character() => Text() is [var character] ? character : throw Fail($"{Shown} is not one character.");

    /// <summary>A token id: a whole number from 0 to the largest that is read.</summary>
    public int Id()
    {
        if (Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var id) && id is >= 0 and <= TokenTable.LargestId)
        {
            return id;
        }

        throw Fail($"{Shown} is no token id; ids are whole numbers from 0 to {TokenTable.LargestId}.");
    }

    public int Count()
        => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var count) && count >= 0
            ? count
            : throw Fail($"{Shown} is no count; a whole number from 0 on was expected.");

    public bool Flag(bool missing) => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => missing,
        _ => throw Fail($"{Shown} is neither true nor false."),
    };

    public TokenizerException Fail(string rule) => new(File, Path, rule);

    /// <summary>The error for a component of a kind that is not read.</summary>
    public TokenizerException Unsupported(string supported)
        => Fail($"{(Missing ? "nothing" : Shown)} is not supported here; supported: {supported}.");

    /// <summary>The value as error messages show it: at most 40 characters.</summary>
    private string Shown
    {
        get
        {
            var text = Value.ValueKind switch
            {
                JsonValueKind.Object => "an object",
                JsonValueKind.Array => "a list",
                JsonValueKind.Undefined or JsonValueKind.Null => "null",
                JsonValueKind.String => $"\"{Text()}\"",
                _ => Value.GetRawText(),
            };
            return A3.Shown.Text(text, 40);
        }
    }

    private void Expect(JsonValueKind kind, string name)
    {
        if (Value.ValueKind != kind)
        {
            throw Fail(Missing ? $"is missing; {name} was expected." : $"{Shown} is not {name}.");
        }
    }

    private string Name(JsonProperty property) => Decoded(() => property.Name)!;

    private string? Decoded(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException error)
        {
            throw new TokenizerException(File, Path, $"no Unicode text: {error.Message}", error);
        }
    }
}
