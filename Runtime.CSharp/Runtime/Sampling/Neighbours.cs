namespace A3.Runtime.Sampling;

/// <summary>The committed bytes around a position, as far as no open position is between.</summary>
internal readonly ref struct Neighbours(Vocabulary vocabulary, CommittedTokens committed, int position)
{
    /// <summary>How far into a character the bytes before the position have come; between characters where nothing stands right before it.</summary>
    public int State
    {
        get
        {
            var before = Before(Utf8State.LongestCharacter);
            var first = before.Length - 1;

            while (first >= 0 && (before[first] & 0xC0) == 0x80)
            {
                first--;
            }

            // Bytes that are no UTF-8 were given: they are taken as they are.
            var state = first < 0 ? Utf8State.Start : Utf8State.After(Utf8State.Start, before.AsSpan(first));
            return state == Utf8State.Invalid ? Utf8State.Start : state;
        }
    }

    /// <summary>Whether only tokens without bytes stand before the position, all the way, and the tokenizer puts a space before a text.</summary>
    public bool BeginsText => IsBeginning(position);

    /// <summary>At most so many bytes right before the position.</summary>
    public byte[] Before(int count)
    {
        var first = position;

        for (var bytes = 0; bytes < count && committed.IsCommitted(first - 1); bytes += vocabulary.Bytes(committed[first]).Length)
        {
            first--;
        }

        var all = vocabulary.Join(committed.Tokens[first..position]);
        all = IsBeginning(first) && all.AsSpan().StartsWith(" "u8) ? all[1..] : all;
        return all.Length > count ? all[^count..] : all;
    }

    /// <summary>At most so many bytes right behind the position.</summary>
    public byte[] Behind(int count)
    {
        var end = position + 1;

        for (var bytes = 0; bytes < count && committed.IsCommitted(end); bytes += vocabulary.Bytes(committed[end - 1]).Length)
        {
            end++;
        }

        var all = position + 1 < committed.Length ? vocabulary.Join(committed.Tokens[(position + 1)..end]) : [];
        return all.Length > count ? all[..count] : all;
    }

    private bool IsBeginning(int at)
    {
        while (committed.IsCommitted(at - 1) && vocabulary.Bytes(committed[at - 1]).IsEmpty)
        {
            at--;
        }

        return at == 0 && vocabulary.Tokenizer.AddsLeadingSpace;
    }
}
