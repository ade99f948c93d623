namespace A3.Bench;

using A3.Model;

/// <summary>One of the ways to decode that are compared.</summary>
internal interface IDecodeMethod
{
    /// <summary>What tables call it.</summary>
    string Name { get; }

    /// <summary>Decodes once; cancellation throws between steps.</summary>
    DecodeRun Run(Seed seed, CancellationToken cancellation);
}

/// <summary>What one run took.</summary>
/// <param name="Seconds">Of the whole run; where steps were sampled, extrapolated from those.</param>
/// <param name="Tokens">Tokens committed.</param>
/// <param name="Passes">Forward passes, each of which reads all blocks and the head once.</param>
/// <param name="Steps">Steps of the whole run.</param>
/// <param name="MeasuredSteps">Steps that were run.</param>
/// <param name="Drafts">Speculative drafts proposed and kept.</param>
public readonly record struct DecodeRun(
    double Seconds, int Tokens, int Passes, int Steps, int MeasuredSteps, DraftCount Drafts)
{
    /// <summary>Tokens per second.</summary>
    public double Speed => Tokens / Seconds;
}
