namespace A3.Torch.Training;

/// <summary>Linear warm-up to the peak, then a cosine to a share of it; a pure function of progress in [0, 1].</summary>
internal sealed record LearningRate(double Peak, double Warmup, double End)
{
    public double At(double progress) =>
        progress < Warmup
            ? Peak * progress / Warmup
            : Peak * (End + (1 - End) * 0.5 * (1 + Math.Cos(Math.PI * (progress - Warmup) / (1 - Warmup))));
}
