namespace A3.Fuzz.Tests.Mutators;

/// <summary>Faults of a protobuf message's fields, as long as it can be cut into fields.</summary>
internal static class ProtobufMutator
{
    public static byte[] Mutate(Chance chance, byte[] content)
    {
        if (chance.OneIn(4) || Fields(content) is not { Count: > 0 } fields)
        {
            return BytesMutator.Mutate(chance, content);
        }

        var at = chance.Below(fields.Count);
        switch (chance.Below(6))
        {
            case 0:
                fields.RemoveAt(at);
                break;
            case 1:
                fields.Insert(at, fields[chance.Below(fields.Count)]);
                break;
            case 2:
                var other = chance.Below(fields.Count);
                (fields[at], fields[other]) = (fields[other], fields[at]);
                break;
            case 3:
                fields[at] = [(byte)chance.Below(256), .. fields[at][1..]];
                break;
            default:
                fields[at] = Inner(chance, fields[at]);
                break;
        }

        return [.. fields.SelectMany(field => field)];
    }

    /// <summary>A message within, changed, with its length right again.</summary>
    private static byte[] Inner(Chance chance, byte[] field)
    {
        if ((field[0] & 7) != 2 || field.Length < 2 || field[1] >= 128)
        {
            return BytesMutator.Mutate(chance, field);
        }

        var inner = Mutate(chance, field[2..]);
        return inner.Length < 128 ? [field[0], (byte)inner.Length, .. inner] : field;
    }

    /// <summary>The fields of a message; null where it is none.</summary>
    private static List<byte[]>? Fields(byte[] content)
    {
        List<byte[]> fields = [];
        for (var at = 0; at < content.Length;)
        {
            var end = at + 1;
            switch (content[at] & 7)
            {
                case 0:
                    while (end < content.Length && content[end] >= 128)
                    {
                        end++;
                    }

                    end++;
                    break;
                case 1:
                    end += 8;
                    break;
                case 2 when end < content.Length && content[end] < 128:
                    end += 1 + content[end];
                    break;
                case 5:
                    end += 4;
                    break;
                default:
                    return null;
            }

            if (end > content.Length)
            {
                return null;
            }

            fields.Add(content[at..end]);
            at = end;
        }

        return fields;
    }
}
