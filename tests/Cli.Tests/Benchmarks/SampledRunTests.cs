using A3.Bench;
using Xunit;

namespace A3.Cli.Tests.Benchmarks;

// Inside the namespace: outside it, facades of A3 hide the records.
using A3.Model;

public sealed class SampledRunTests
{
    private readonly List<int> started = [];

    private DecodeRun Run(int steps, double budget)
    {
        var run = new SampledRun("any", steps, 2 * steps, budget, (step, _, _) => From(step));
        run.Run(SeedModule.ofInt(1), CancellationToken.None);
        started.Clear();
        return run.Run(SeedModule.ofInt(1), CancellationToken.None);
    }

    private IEnumerable<DecodingStep> From(int step)
    {
        started.Add(step);
        yield return new(step, step + 1, []);
    }

    [Fact]
    public void Where_a_run_takes_too_long_four_steps_spread_evenly_stand_for_all()
    {
        var run = Run(steps: 80, budget: 0);

        Assert.Equal([10, 30, 50, 70], started);
        Assert.Equal((160, 80, 80, 4), (run.Tokens, run.Passes, run.Steps, run.MeasuredSteps));
    }

    [Theory]
    [InlineData(9, 1e9)]
    [InlineData(3, 0)]
    public void Where_there_is_time_every_step_is_run_once(int steps, double budget)
    {
        var run = Run(steps, budget);

        Assert.Equal(Enumerable.Range(0, steps), started);
        Assert.Equal(steps, run.MeasuredSteps);
    }
}
