namespace A3;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>Where it runs; automatic by default.</summary>
    public Device Device { get; init; }

    /// <summary>
    /// What it computes in; float32 by default. Logits and log-probabilities are float32 and float64 in any case.
    /// </summary>
    public NumberType Precision { get; init; }

    /// <summary>
    /// Bytes that the caches of decodes which run together may take: those of a batch, and those that try the lengths of a gap. Null (the
    /// default) is what the device had for them when the model was loaded: on a GPU its free memory, else what the process may have, by the
    /// machine or its container, beside the weights.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public long? CacheLimit
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CacheLimit), $"{value}", "CacheLimit must be at least 1 byte; "
                + "leave it null for all memory.");
    }

    /// <summary>
    /// Threads of a forward pass on the CPU, the caller's included. Null (the default) is one per processor in float32, and in the other
    /// number types, which libtorch computes, as many as it gives the operations of the calling thread. The number is that of this model alone:
    /// the settings of the process stay as they are.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? Threads
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Threads), $"{value}", "Threads must be at least 1; leave it "
                + "null for one per processor.");
    }
}
