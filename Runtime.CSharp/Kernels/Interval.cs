namespace A3.Kernels;

/// <summary>The places from <paramref name="Start"/> up to, not including, <paramref name="End"/>.</summary>
internal readonly record struct Interval(int Start, int End)
{
    public int Length => End - Start;

    public bool IsEmpty => End <= Start;

    public bool Contains(int place) => Start <= place && place < End;
}
