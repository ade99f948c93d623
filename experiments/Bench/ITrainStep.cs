namespace A3.Bench;

/// <summary>One of the optimizer steps that are compared: forward, backward and update on tokens that stay the same. Owns its tensors.</summary>
internal interface ITrainStep : IDisposable
{
    /// <summary>What tables call it.</summary>
    string Name { get; }

    /// <summary>Multiplications and additions of the matrix products it needs, see <see cref="TrainFlops"/>.</summary>
    long Flops { get; }

    /// <summary>Does it once; done when it returns.</summary>
    void Run();
}
