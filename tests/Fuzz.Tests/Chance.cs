namespace A3.Fuzz.Tests;

/// <summary>Choices that depend on a number alone, in any process.</summary>
internal sealed class Chance(int number)
{
    private readonly Random random = new(number);

    /// <summary>From 0 to below the bound.</summary>
    public int Below(int bound) => random.Next(bound);

    public bool OneIn(int count) => Below(count) == 0;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];
}
