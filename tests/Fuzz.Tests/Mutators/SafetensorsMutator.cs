using System.Buffers.Binary;

namespace A3.Fuzz.Tests.Mutators;

/// <summary>Faults of the header, whose length then is right again, and of the bytes.</summary>
internal static class SafetensorsMutator
{
    public static byte[] Mutate(Chance chance, byte[] content)
    {
        if (chance.OneIn(3) || content.Length < sizeof(long))
        {
            return BytesMutator.Mutate(chance, content);
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(content);
        if (length < 0 || length > content.Length - sizeof(long))
        {
            return BytesMutator.Mutate(chance, content);
        }

        var end = sizeof(long) + (int)length;
        var header = JsonMutator.Mutate(chance, content[sizeof(long)..end]);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. content[end..]];
    }
}
