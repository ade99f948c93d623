namespace A3.Runtime;

/// <summary>Linear warm-up to the peak, then a cosine to a tenth of it; a pure function of progress in [0, 1].</summary>
internal sealed record LearningRate(double Peak, double Warmup)
{
    private const double Floor = 0.1;

    public double At(double progress) =>
        progress < Warmup
            ? Peak * progress / Warmup
            : Peak * (Floor + (1 - Floor) * 0.5 * (1 + Math.Cos(Math.PI * (progress - Warmup) / (1 - Warmup))));
}
