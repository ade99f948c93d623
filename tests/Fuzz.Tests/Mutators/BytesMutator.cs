namespace A3.Fuzz.Tests.Mutators;

/// <summary>Faults of any file.</summary>
internal static class BytesMutator
{
    public static byte[] Mutate(Chance chance, byte[] content)
    {
        var at = chance.Below(content.Length + 1);
        switch (chance.Below(5))
        {
            case 0:
                return content[..at];
            case 1:
                var end = Math.Min(content.Length, at + chance.Below(64));
                return [.. content[..end], .. content[at..]];
            case 2:
                return [.. content[..at], .. content[Math.Min(content.Length, at + chance.Below(16))..]];
            default:
                return Flip(chance, content);
        }
    }

    /// <summary>The head of a file says how the rest is read, so half of the flips are there.</summary>
    private static byte[] Flip(Chance chance, byte[] content)
    {
        var flipped = content.ToArray();
        if (flipped.Length > 0)
        {
            var at = chance.Below(chance.OneIn(2) ? Math.Min(16, flipped.Length) : flipped.Length);
            flipped[at] = chance.OneIn(2) ? (byte)chance.Below(256) : (byte)(flipped[at] ^ (1 << chance.Below(8)));
        }

        return flipped;
    }
}
