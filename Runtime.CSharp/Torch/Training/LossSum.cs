namespace A3.Torch.Training;

/// <summary>Losses of some steps, and how many steps beside them had no target.</summary>
internal readonly record struct LossSum(double Sum, long Steps, long WithoutTarget = 0)
{
    /// <summary>The mean over the steps that had targets; 0 where none had.</summary>
    public double Mean => Steps > 0 ? Sum / Steps : 0;

    /// <summary>Whether there were no steps.</summary>
    public bool IsEmpty => Steps + WithoutTarget == 0;

    /// <summary>With one step more.</summary>
    public LossSum With(double loss) => this with { Sum = Sum + loss, Steps = Steps + 1 };

    /// <summary>With one step more that had no target.</summary>
    public LossSum WithNothing() => this with { WithoutTarget = WithoutTarget + 1 };
}
