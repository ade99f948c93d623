namespace A3.Runtime.Sampling;

/// <summary>Tokens by the bytes that they begin with, in the order of these bytes; safe to share between threads.</summary>
internal sealed class TokenIndex
{
    private readonly int[] tokens;
    private readonly byte[][] bytes;

    /// <param name="tokens">The tokens to find.</param>
    /// <param name="bytesOf">What they are found by.</param>
    public TokenIndex(IEnumerable<int> tokens, Func<int, byte[]> bytesOf)
    {
        this.tokens = [.. tokens];
        bytes = Array.ConvertAll(this.tokens, token => bytesOf(token));
        Array.Sort(bytes, this.tokens, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
    }

    /// <summary>Tokens that begin with some bytes, perhaps these alone.</summary>
    public ReadOnlySpan<int> BeginningWith(ReadOnlySpan<byte> prefix)
    {
        var (first, end) = (Bound(prefix, isEnd: false), Bound(prefix, isEnd: true));
        return tokens.AsSpan(first, end - first);
    }

    /// <summary>Tokens of just these bytes.</summary>
    public ReadOnlySpan<int> Exactly(ReadOnlySpan<byte> whole)
    {
        var first = Bound(whole, isEnd: false);
        var end = first;

        while (end < tokens.Length && bytes[end].Length == whole.Length && whole.SequenceEqual(bytes[end]))
        {
            end++;
        }

        return tokens.AsSpan(first, end - first);
    }

    /// <summary>The first place whose bytes are not below a prefix, or (the end) above all that begins with it.</summary>
    private int Bound(ReadOnlySpan<byte> prefix, bool isEnd)
    {
        var (low, high) = (0, bytes.Length);

        while (low < high)
        {
            var middle = (low + high) / 2;
            var head = bytes[middle].AsSpan(0, Math.Min(prefix.Length, bytes[middle].Length));
            var order = head.SequenceCompareTo(prefix);

            if (order < 0 || (isEnd && order == 0))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
