using System.Diagnostics;

namespace A3.Bench;

using A3.Model;

/// <summary>A method of which every step is run: the cached ones, whose steps are short.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Start">Begins a run.</param>
internal sealed record WholeRun(string Name, Func<Seed, CancellationToken, IEnumerable<DecodingStep>> Start) : IDecodeMethod
{
    public DecodeRun Run(Seed seed, CancellationToken cancellation)
    {
        var (steps, tokens, passes, drafted, accepted) = (0, 0, 0, 0, 0);
        var clock = Stopwatch.GetTimestamp();

        foreach (var step in Start(seed, cancellation))
        {
            steps++;
            tokens += step.Tokens.Length;
            passes = step.ForwardPasses;
            drafted += step.Drafts?.Proposed ?? 0;
            accepted += step.Drafts?.Accepted ?? 0;
        }

        var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        return new(seconds, tokens, passes, steps, steps, new(drafted, accepted));
    }
}
