using A3.Torch.Training;

namespace A3;

/// <summary>
/// What of a run may be changed when it is resumed; null for what the run has. Nothing of it changes what a run comes to up to the tokens that
/// it was planned for, bits that depend on device and threads apart.
/// </summary>
public sealed record ResumeOptions
{
    /// <summary>
    /// How many tokens the run sees in all: it is extended. Its plan stays, so that stages and learning rate are what they were up to
    /// <see cref="TrainingOptions.Tokens"/>; beyond, the last stage goes on at its end and at the final learning rate. So it does not matter when a
    /// run is extended, nor in how many goes.
    /// </summary>
    public long? Tokens { get; init; }

    /// <summary>As <see cref="TrainingOptions.Cache"/>. One that the run's manifest names is only read when it is resumed.</summary>
    public string? Cache { get; init; }

    /// <summary>As <see cref="TrainingOptions.Keep"/>.</summary>
    public int? Keep { get; init; }

    /// <summary>As <see cref="TrainingOptions.CheckpointSeconds"/>.</summary>
    public double? CheckpointSeconds { get; init; }

    /// <summary>As <see cref="TrainingOptions.Device"/>.</summary>
    public Device? Device { get; init; }

    /// <summary>As <see cref="TrainingOptions.ParallelMicroBatches"/>.</summary>
    public int? ParallelMicroBatches { get; init; }

    /// <summary>As <see cref="TrainingOptions.ActivationCheckpointing"/>.</summary>
    public bool? ActivationCheckpointing { get; init; }

    /// <summary>A run's options with these changes.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the rule.</exception>
    internal TrainingOptions Applied(TrainingOptions run)
    {
        if (Tokens < run.AllTokens)
        {
            throw new ArgumentException($"Tokens = {Tokens}: the run has {run.AllTokens}, and can only be extended beyond them.", nameof(Tokens));
        }

        return (run with
        {
            ExtendedTo = (Tokens ?? run.AllTokens) is var tokens && tokens > run.Tokens ? tokens : null,
            Cache = Cache is null ? run.Cache : Path.GetFullPath(Cache),
            Keep = Keep ?? run.Keep,
            CheckpointSeconds = CheckpointSeconds ?? run.CheckpointSeconds,
            Device = Device ?? run.Device,
            ParallelMicroBatches = ParallelMicroBatches ?? run.ParallelMicroBatches,
            ActivationCheckpointing = ActivationCheckpointing ?? run.ActivationCheckpointing,
        }).Checked();
    }
}
