using System.Globalization;
using System.Text.Json;

namespace A3.Runtime.Checkpoints;

/// <summary>One tensor of a header: its bytes are [Begin, End) of the data that follow the header.</summary>
internal sealed record TensorEntry(string Name, Dtype Dtype, long[] Shape, long Begin, long End)
{
    /// <summary>A shape as messages show it: `[2, 3]`.</summary>
    public static string Show(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}

/// <summary>
/// Reads the JSON header of a safetensors file and holds it to the format's rules: each name once, known kinds of
/// numbers, as many bytes as the shape asks for, and tensors that cover the data without hole or overlap.
/// </summary>
internal static class SafetensorsHeader
{
    private const int MostDimensions = 8;
    private const string Metadata = "__metadata__";

    /// <summary>The tensors in the order of their bytes.</summary>
    /// <exception cref="CheckpointException">The header breaks a rule.</exception>
    public static IReadOnlyList<TensorEntry> Parse(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        try
        {
            var entries = Read(file, json);
            entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
            CheckCover(file, entries, dataLength);
            return entries;
        }
        catch (JsonException error)
        {
            throw new CheckpointException(file, null, error.Message, "the header must be one JSON object.", error);
        }
        catch (InvalidOperationException error)
        {
            // Utf8JsonReader looks at the bytes of a string only when it is asked for.
            throw new CheckpointException(
                file,
                null,
                "a string that is not Unicode",
                "the header must be UTF-8.",
                error);
        }
    }

    private static List<TensorEntry> Read(string file, ReadOnlySpan<byte> json)
    {
        var entries = new List<TensorEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        if (json.IsEmpty || json[0] != '{' || !reader.Read())
        {
            throw new CheckpointException(file, null, "no `{` at the start", "the header must be one JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name))
            {
                throw new CheckpointException(
                    file,
                    name,
                    "the name occurs twice",
                    "each tensor has a name of its own.");
            }

            reader.Read();
            if (name == Metadata)
            {
                CheckMetadata(file, ref reader);
            }
            else
            {
                entries.Add(ReadEntry(file, name, ref reader));
            }
        }

        // What follows the object must be white space; the reader throws at anything else.
        reader.Read();
        return entries;
    }

    private static void CheckMetadata(string file, ref Utf8JsonReader reader)
    {
        bool holds = reader.TokenType == JsonTokenType.StartObject;
        while (holds && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            holds = reader.Read() && reader.TokenType == JsonTokenType.String;
        }

        if (!holds)
        {
            throw new CheckpointException(
                file,
                null,
                $"{Metadata} holds {reader.TokenType}",
                "it must map strings to strings.");
        }
    }

    private static TensorEntry ReadEntry(string file, string name, ref Utf8JsonReader reader)
    {
        Dtype? dtype = null;
        long[]? shape = null;
        long[]? offsets = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new CheckpointException(
                file,
                name,
                $"{reader.TokenType}",
                "an object with dtype, shape and data_offsets is expected.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "dtype" when dtype is null:
                    dtype = ReadDtype(file, name, ref reader);
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(file, name, key, MostDimensions, ref reader);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(file, name, key, 2, ref reader);
                    break;
                default:
                    throw new CheckpointException(
                        file,
                        name,
                        $"key \"{key}\"",
                        "dtype, shape and data_offsets are expected, each once.");
            }
        }

        return dtype is { } kind && shape is not null && offsets is [var begin, var end]
            ? Checked(file, new TensorEntry(name, kind, shape, begin, end))
            : throw new CheckpointException(
                file,
                name,
                "an incomplete entry",
                "dtype, shape and two data_offsets are expected.");
    }

    private static Dtype ReadDtype(string file, string name, ref Utf8JsonReader reader)
    {
        string? given = reader.TokenType == JsonTokenType.String ? reader.GetString() : reader.TokenType.ToString();
        return Dtypes.Find(given)
            ?? throw new CheckpointException(file, name, $"dtype {given}", $"supported are {Dtypes.Names}.");
    }

    private static long[] ReadNumbers(string file, string name, string key, int most, ref Utf8JsonReader reader)
    {
        var numbers = new List<long>();
        bool holds = reader.TokenType == JsonTokenType.StartArray;
        while (holds && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            holds = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) && number >= 0
                && numbers.Count < most;
            numbers.Add(holds ? reader.GetInt64() : -1);
        }

        return holds
            ? [.. numbers]
            : throw new CheckpointException(
                file,
                name,
                $"{key} with {reader.TokenType} as entry {numbers.Count}",
                $"a list of at most {most} integers from 0 to 2^63 - 1 is expected.");
    }

    private static TensorEntry Checked(string file, TensorEntry entry)
    {
        long bytes = entry.Dtype.Size;
        try
        {
            foreach (long side in entry.Shape)
            {
                bytes = checked(bytes * side);
            }
        }
        catch (OverflowException error)
        {
            throw new CheckpointException(
                file,
                entry.Name,
                $"shape {TensorEntry.Show(entry.Shape)}",
                "its bytes must number below 2^63.",
                error);
        }

        if (entry.End < entry.Begin || entry.End - entry.Begin != bytes)
        {
            throw new CheckpointException(
                file,
                entry.Name,
                $"data_offsets [{entry.Begin}, {entry.End}]",
                $"shape {TensorEntry.Show(entry.Shape)} of {entry.Dtype.Name} takes {bytes} bytes.");
        }

        return entry;
    }

    private static void CheckCover(string file, List<TensorEntry> entries, long dataLength)
    {
        long reached = 0;
        foreach (var entry in entries)
        {
            if (entry.Begin != reached || entry.End > dataLength)
            {
                string place = entry.End > dataLength
                    ? $"end within the {dataLength} bytes of data"
                    : $"begin where the bytes before end, at {reached}";
                throw new CheckpointException(
                    file,
                    entry.Name,
                    $"data_offsets [{entry.Begin}, {entry.End}]",
                    $"its bytes must {place}.");
            }

            reached = entry.End;
        }

        if (reached != dataLength)
        {
            string given = string.Create(
                CultureInfo.InvariantCulture,
                $"{dataLength - reached} bytes after the last tensor");
            throw new CheckpointException(file, null, given, "tensors must cover all data.");
        }
    }
}
