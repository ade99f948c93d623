using System.Buffers.Binary;

namespace A3.Runtime.Tokenizers;

/// <summary>One field of a protobuf message: its number and its value, a number or bytes.</summary>
/// <param name="Number">The field number.</param>
/// <param name="Offset">Where the value begins in the file, for complaints.</param>
/// <param name="Scalar">The bits of a varint or fixed-size value.</param>
/// <param name="Bytes">The content of a length-delimited value.</param>
internal readonly record struct ProtobufField(int Number, int Offset, ulong Scalar, ReadOnlyMemory<byte> Bytes)
{
    public bool Flag => Scalar != 0;

    public float Single => BitConverter.UInt32BitsToSingle((uint)Scalar);
}

/// <summary>Walks over the fields of a protobuf message without ever reading past its end.</summary>
internal sealed class ProtobufReader(string file, ReadOnlyMemory<byte> content, int start = 0)
{
    private int _position;

    /// <summary>The fields in order.</summary>
    /// <exception cref="TokenizerException">The bytes are no protobuf message.</exception>
    public IEnumerable<ProtobufField> Fields()
    {
        while (_position < content.Length)
        {
            yield return Field();
        }
    }

    /// <summary>The fields of a message within this one.</summary>
    public IEnumerable<ProtobufField> Nested(ProtobufField field)
        => new ProtobufReader(file, field.Bytes, field.Offset).Fields();

    private ProtobufField Field()
    {
        var key = Varint();
        var number = (int)Math.Min(key >> 3, int.MaxValue);
        var type = key & 7;
        var length = type == 2 ? Varint() : 0;
        var offset = start + _position;
        return type switch
        {
            0 => new ProtobufField(number, offset, Varint(), default),
            1 => new ProtobufField(number, offset, BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span), default),
            2 => new ProtobufField(number, offset, 0, Take(length)),
            5 => new ProtobufField(number, offset, BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span), default),
            _ => throw Fail($"a field of wire type {type}, but only 0, 1, 2 and 5 exist in these files."),
        };
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1).Span[0];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw Fail("a number of more than 64 bits.");
    }

    private ReadOnlyMemory<byte> Take(ulong count)
    {
        var left = content.Length - _position;
        if (count > (ulong)left)
        {
            throw Fail($"{count} bytes are announced, but {left} are left.");
        }

        var bytes = content.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    private TokenizerException Fail(string rule) => new(file, $"byte {start + _position}", rule);
}
