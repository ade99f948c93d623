using System.Diagnostics;

namespace A3.Bench;

using A3.Model;

/// <summary>
/// A method that keeps nothing between its steps, so that any step can be run by itself: where a run takes too long, only
/// steps spread evenly over it are measured, and their mean stands for the others. Not thread-safe.
/// </summary>
/// <param name="name">What tables call it.</param>
/// <param name="steps">Steps of a whole run, one forward pass each.</param>
/// <param name="tokens">Tokens of a whole run.</param>
/// <param name="budget">Seconds that a run may take.</param>
/// <param name="from">Begins a run at a step, all tokens before it being committed.</param>
internal sealed class SampledRun(
    string name,
    int steps,
    int tokens,
    double budget,
    Func<int, Seed, CancellationToken, IEnumerable<DecodingStep>> from) : IDecodeMethod
{
    /// <summary>Fewest steps measured: enough for a cost that grows with the square of what is committed.</summary>
    private const int FewestSteps = 4;

    private int measured;

    public string Name => name;

    public DecodeRun Run(Seed seed, CancellationToken cancellation)
    {
        if (measured == 0)
        {
            // The first run of a step warms up, the second counts.
            Step(steps / 2, seed, cancellation);
            var seconds = steps * Step(steps / 2, seed, cancellation);
            measured = seconds < budget ? steps : Math.Max((int)(steps * budget / seconds), Math.Min(FewestSteps, steps));
        }

        var total = Enumerable.Range(0, measured).Sum(i => Step(Chosen(i), seed, cancellation));
        return new(total * steps / measured, tokens, steps, steps, measured, default);
    }

    /// <summary>The middle of each of as many equal parts of the run as steps are measured.</summary>
    private int Chosen(int index) => (int)((2L * index + 1) * steps / (2L * measured));

    /// <summary>Seconds of one step.</summary>
    private double Step(int step, Seed seed, CancellationToken cancellation)
    {
        using var run = from(step, seed, cancellation).GetEnumerator();
        var clock = Stopwatch.GetTimestamp();
        run.MoveNext();
        return Stopwatch.GetElapsedTime(clock).TotalSeconds;
    }
}
