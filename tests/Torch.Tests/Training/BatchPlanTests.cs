using A3.Model;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class BatchPlanTests
{
    private const int Context = 32;
    private const int Budget = 128;

    private static readonly Document[] Documents =
        [.. Enumerable.Range(0, 300).Select(i => new Document(new int[5 + (i * 7 % 60)], [0], [0, .. i % 2 == 0 ? [3] : Array.Empty<int>()]))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryEpochVisitsEveryDocumentOnce(bool packed)
    {
        var epochs = Plan(crop: 0.5, packed).From(default).TakeWhile(step => step.Position.Epoch < 2)
            .GroupBy(step => step.Position.Epoch, step => step.Lines.SelectMany(line => line).Select(row => row.Document))
            .Select(epoch => epoch.SelectMany(documents => documents).ToArray())
            .ToArray();
        Assert.Equal(2, epochs.Length);
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, Documents.Length), epoch.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABatchHoldsTheSameRowsHoweverItsPositionIsReached(bool packed)
    {
        var straight = Plan(crop: 0.5, packed);
        var steps = straight.From(default).Take(40).ToArray();
        Assert.Equal(steps[35].Lines, Plan(crop: 0.5, packed).At(steps[35].Position));
        Assert.Equal(steps[3].Lines, straight.At(steps[3].Position));
        Assert.True(steps[35].Position.Window > 0, "the test needs several windows.");
    }

    [Fact]
    public void RowsFitTheirDocumentTheContextAndTheBudget()
    {
        foreach (var (_, lines) in Plan(crop: 0.7).From(default).Take(60))
        {
            var rows = lines.Select(Assert.Single).ToArray();
            Assert.All(rows, row => Assert.InRange(row.Start + row.Length, 1, Documents[row.Document].Tokens.Length));
            Assert.All(rows, row => Assert.InRange(row.Positions, 2, Context));
            Assert.InRange(rows.Length * rows.Max(row => row.Positions), 1, Budget);
        }
    }

    [Fact]
    public void PackedLinesFitTheContextAndTheBudgetAndAreNearlyFull()
    {
        var batches = Plan(crop: 0.7, packed: true).From(default).Take(60).Select(step => step.Lines).ToArray();
        Assert.All(batches, lines => Assert.InRange(lines.Length, 1, Budget / Context));
        Assert.All(batches.SelectMany(lines => lines), line => Assert.InRange(line.Sum(row => row.Positions), 2, Context));
        Assert.True(batches.SelectMany(lines => lines).Average(line => line.Sum(row => row.Positions)) > 0.85 * Context);
    }

    private static BatchPlan Plan(double crop, bool packed = false) => new(Documents, Context, Budget, crop, SeedModule.ofInt(7), packed);
}
