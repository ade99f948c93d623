using A3.Model;
using Xunit;

namespace A3.Runtime.Tests.Training;

public sealed class BatchPlanTests
{
    private const int Context = 32;
    private const int Budget = 128;

    private static readonly Document[] Documents =
        [.. Enumerable.Range(0, 50).Select(i => new Document(new int[5 + (i * 7 % 60)], [0], [0, .. i % 2 == 0 ? [3] : Array.Empty<int>()]))];

    [Fact]
    public void EveryEpochVisitsEveryDocumentOnce()
    {
        var plan = Plan(crop: 0.5);
        var seen = new List<int>();
        for (var step = 0; seen.Count < 2 * Documents.Length; step++)
        {
            seen.AddRange(plan.At(step).Select(row => row.Document));
        }

        Assert.Equal(2 * Documents.Length, seen.Count);
        Assert.Equal(Enumerable.Range(0, Documents.Length), seen.Take(Documents.Length).Order());
        Assert.Equal(Enumerable.Range(0, Documents.Length), seen.Skip(Documents.Length).Order());
        Assert.NotEqual(seen.Take(Documents.Length), seen.Skip(Documents.Length));
    }

    [Fact]
    public void AStepHoldsTheSameRowsHoweverItIsReached()
    {
        var straight = Plan(crop: 0.5);
        Row[][] steps = [.. Enumerable.Range(0, 40).Select(step => straight.At(step))];
        Assert.Equal(steps[35], Plan(crop: 0.5).At(35));
        Assert.Equal(steps[3], straight.At(3));
    }

    [Fact]
    public void RowsFitTheirDocumentTheContextAndTheBudget()
    {
        var plan = Plan(crop: 0.7);
        foreach (var rows in Enumerable.Range(0, 60).Select(step => plan.At(step)))
        {
            Assert.All(rows, row => Assert.InRange(row.Start + row.Length, 1, Documents[row.Document].Tokens.Length));
            Assert.All(rows, row => Assert.InRange(row.Length, 1, Context - 1));
            Assert.InRange(rows.Length * (rows.Max(row => row.Length) + 1), 1, Budget);
        }
    }

    private static BatchPlan Plan(double crop) => new(Documents, Context, Budget, crop, SeedModule.ofInt(7));
}
