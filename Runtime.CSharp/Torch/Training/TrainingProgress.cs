namespace A3;

/// <summary>One line of a run's metrics.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Tokens">Tokens seen, padding not counted.</param>
/// <param name="TotalTokens">Tokens of the whole run.</param>
/// <param name="Loss">Mean loss since the line before, nats per predicted token, of both streams by their weights; 0 where no step had a target.</param>
/// <param name="GradientNorm">Norm of the last gradient before clipping.</param>
/// <param name="LearningRate">Of the last step.</param>
/// <param name="TokensPerSecond">Since the line before.</param>
/// <param name="Remaining">Estimated time left; the longest there is where nothing tells.</param>
/// <param name="Validation">Losses on validation rows by name, nats per token; empty where this line has none.</param>
/// <param name="StepsWithoutTarget">Steps since the line before that had nothing to learn, and changed nothing.</param>
public sealed record TrainingProgress(
    long Step,
    long Tokens,
    long TotalTokens,
    double Loss,
    double GradientNorm,
    double LearningRate,
    double TokensPerSecond,
    TimeSpan Remaining,
    IReadOnlyDictionary<string, double> Validation,
    long StepsWithoutTarget = 0);
