namespace A3.Runtime.Texts;

/// <summary>The positions of a gap.</summary>
/// <param name="First">The first that is to be drawn: one that given text reaches into, or <paramref name="Start"/>.</param>
/// <param name="Start">The first of those that the gap has by its length.</param>
/// <param name="Length">How many these are.</param>
/// <param name="End">The first position behind the gap.</param>
internal sealed record TextGap(int First, int Start, int Length, int End);
