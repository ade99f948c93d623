namespace A3.Runtime.Sampling;

/// <summary>
/// How far into a character the bytes read so far have come (Unicode 16, table 3-7): what tells valid UTF-8 from other bytes. A number, so
/// that sets of states are bits.
/// </summary>
internal static class Utf8State
{
    /// <summary>Between characters.</summary>
    public const int Start = 0;

    /// <summary>Bytes of the longest character.</summary>
    public const int LongestCharacter = 4;

    /// <summary>How many states there are; what is no UTF-8 is in none of them.</summary>
    public const int Count = 8;

    /// <summary>No UTF-8.</summary>
    public const int Invalid = 15;

    private const int One = 1, Two = 2, Three = 3, AfterE0 = 4, AfterEd = 5, AfterF0 = 6, AfterF4 = 7;

    /// <summary>The state behind some bytes.</summary>
    public static int After(int state, ReadOnlySpan<byte> bytes)
    {
        foreach (var next in bytes)
        {
            state = After(state, next);
        }

        return state;
    }

    private static int After(int state, byte next) => state switch
    {
        Start => Begin(next),
        One => Continue(next, 0x80, 0xBF, Start),
        Two => Continue(next, 0x80, 0xBF, One),
        Three => Continue(next, 0x80, 0xBF, Two),
        AfterE0 => Continue(next, 0xA0, 0xBF, One),
        AfterEd => Continue(next, 0x80, 0x9F, One),
        AfterF0 => Continue(next, 0x90, 0xBF, Two),
        AfterF4 => Continue(next, 0x80, 0x8F, Two),
        _ => Invalid,
    };

    private static int Continue(byte next, byte low, byte high, int state) => next >= low && next <= high ? state : Invalid;

    private static int Begin(byte first) => first switch
    {
        < 0x80 => Start,
        >= 0xC2 and <= 0xDF => One,
        0xE0 => AfterE0,
        0xED => AfterEd,
        >= 0xE1 and <= 0xEF => Two,
        0xF0 => AfterF0,
        >= 0xF1 and <= 0xF3 => Three,
        0xF4 => AfterF4,
        _ => Invalid,
    };
}
