using A3.Torch.Data;

namespace A3.Torch.Training;

/// <summary>The documents of a run, to train on and to validate on, through their token caches. Owns both.</summary>
internal sealed class TrainingData : IDisposable
{
    private TrainingData(Corpus training, Corpus? validation) => (Training, Validation) = (training, validation);

    public Corpus Training { get; }

    /// <summary>Documents that are never trained on; null where the run has none.</summary>
    public Corpus? Validation { get; }

    /// <summary>Opens the caches, making them first where they are missing or stale; in a folder that is lent they are only read.</summary>
    /// <exception cref="TrainingException">A file cannot be used, or none holds a document.</exception>
    /// <exception cref="IOException">The folder of the caches refused.</exception>
    public static TrainingData Open(
        TrainingOptions options,
        RunDirectory directory,
        string? lentCache,
        FileHashes hashes,
        IProgress<Preparation>? preparation,
        CancellationToken cancellation)
    {
        var folder = options.Cache ?? Path.Combine(options.Output, "cache");
        Corpus Opened(IReadOnlyList<string> files) => Corpus.Open(
            TrainingSetup.Source(options, files), folder, directory.Tokenizer, directory.TokenizerHash, preparation, cancellation, hashes, lentCache);
        var training = Opened(options.Data);
        try
        {
            return new TrainingData(training, options.Validation.Count > 0 ? Opened(options.Validation) : null);
        }
        catch
        {
            training.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Training.Dispose();
        Validation?.Dispose();
    }
}
