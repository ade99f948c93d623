using System.Buffers.Binary;
using System.Text.Json;
using A3.Runtime.Storage;

namespace A3.Runtime.Checkpoints;

/// <summary>A tensor to be written: its header entry, and what fills it when its turn comes.</summary>
internal sealed record TensorPlan(string Name, Dtype Dtype, IReadOnlyList<long> Shape, Action<TensorSink> Fill)
{
    /// <summary>Numbers in the tensor.</summary>
    public long Count => Shape.Aggregate(1L, (count, side) => checked(count * side));
}

/// <summary>Writes safetensors files tensor by tensor, so that memory holds no more than a piece of one.</summary>
internal static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Replaces the file at <paramref name="path"/> whole; see <see cref="AtomicFile"/>.</summary>
    /// <exception cref="IOException">The disk or the folder refused; the old file stays.</exception>
    /// <exception cref="InvalidOperationException">
    /// A tensor was filled with more or fewer numbers than its shape has.
    /// </exception>
    public static void Write(string path, IEnumerable<TensorPlan> tensors)
    {
        // Wide numbers first: with the header padded, each tensor is then aligned to its own numbers.
        TensorPlan[] ordered = [.. tensors.OrderByDescending(tensor => tensor.Dtype.Size)];
        byte[] header = Header(ordered);
        AtomicFile.Write(path, stream =>
        {
            stream.Write(header);
            foreach (var tensor in ordered)
            {
                var sink = new TensorSink(path, stream, tensor);
                tensor.Fill(sink);
                sink.Complete();
            }
        });
    }

    private static byte[] Header(TensorPlan[] tensors)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[sizeof(ulong)]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long begin = 0;
            foreach (var tensor in tensors)
            {
                begin = WriteEntry(json, tensor, begin);
            }

            json.WriteEndObject();
        }

        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        byte[] header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(ulong));
        return header;
    }

    private static long WriteEntry(Utf8JsonWriter json, TensorPlan tensor, long begin)
    {
        long end = checked(begin + (tensor.Count * tensor.Dtype.Size));
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Dtype.Name);
        WriteNumbers(json, "shape", tensor.Shape);
        WriteNumbers(json, "data_offsets", [begin, end]);
        json.WriteEndObject();
        return end;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
