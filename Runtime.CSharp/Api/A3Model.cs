using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A model ready to fill gaps, to generate and to score.</summary>
/// <remarks>
/// Safe to share between threads: weights never change, and every run has a cache of its own. Dispose of it when no run is under
/// way; afterwards every call throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public sealed class A3Model : IDisposable
{
    private readonly INetwork network;
    private readonly GapConstraints constraints;
    private readonly long cacheLimit;
    private readonly long cacheBytesPerToken;
    private bool disposed;

    internal A3Model(INetwork network, ITokenizer tokenizer, LoadOptions? options = null)
    {
        cacheLimit = options?.CacheLimit ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        cacheBytesPerToken = Model.ArchitectureModule.cacheBytesPerToken(
            options is null or { Precision: NumberType.Float32 } ? 4 : 2, network.Architecture);
        this.network = network;
        Tokenizer = tokenizer;
        constraints = new(tokenizer, network.Architecture.Vocabulary);
        Architecture = new(network.Architecture);
    }

    /// <summary>The shape of the network.</summary>
    public Architecture Architecture { get; }

    /// <summary>Its text to tokens and back.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>Loads a checkpoint directory: <c>config.json</c>, weights and tokenizer.</summary>
    /// <exception cref="CheckpointException">A file or a tensor of the checkpoint is missing or broken.</exception>
    /// <exception cref="TokenizerException">The tokenizer is missing or broken.</exception>
    /// <exception cref="A3Exception">Tokenizer and weights do not fit, or the device is not there.</exception>
    public static A3Model Load(string directory, LoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        using var checkpoint = Checkpoint.Open(directory);
        var tokenizer = A3.Runtime.Tokenizer.Load(directory);

        if (tokenizer.VocabularySize > checkpoint.Architecture.Vocabulary)
        {
            throw new A3Exception(
                $"{directory}: the tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the weights know "
                + $"only 0..{checkpoint.Architecture.Vocabulary - 1}; they belong to different models.");
        }

        return new(NetworkLoader.Load(checkpoint, options ?? new()), tokenizer, options);
    }

    /// <summary>Fills the gaps of a template such as <c>Tom had a red ball. ___ He was very happy.</c></summary>
    /// <exception cref="TemplateException">The template does not parse.</exception>
    /// <exception cref="A3Exception">
    /// The template does not fit the context, or the options do not fit the model.
    /// </exception>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public DecodedText Infill(string template, DecodingOptions? options = null, CancellationToken cancellation = default) =>
        Infill(Template.Parse(template), options, cancellation);

    /// <inheritdoc cref="Infill(string, DecodingOptions?, CancellationToken)"/>
    public DecodedText Infill(Template template, DecodingOptions? options = null, CancellationToken cancellation = default) =>
        Prepare(template, options).Complete(cancellation);

    /// <summary>Continues a prompt by <paramref name="length"/> tokens.</summary>
    /// <remarks>Through the content stream it stops at the token that ends texts.</remarks>
    /// <exception cref="A3Exception">
    /// Prompt and length do not fit the context, or the options do not fit the model.
    /// </exception>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public DecodedText Generate(
        string prompt,
        int length,
        DecodingOptions? options = null,
        CancellationToken cancellation = default) =>
        Prepare(Template.Of(TemplatePart.Given(prompt), TemplatePart.Gap(length)), options).Complete(cancellation);

    /// <summary>Checks everything and gives a run whose steps can be streamed.</summary>
    /// <exception cref="A3Exception">
    /// The template does not fit the context, or the options do not fit the model.
    /// </exception>
    public DecodingRun Prepare(Template template, DecodingOptions? options = null)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        var encoded = EncodedTemplate.Of(template, Tokenizer, Architecture.Context);
        return new(Tokenizer, encoded, DecodingPlan.For(network, encoded, constraints, Stops(), options ?? new()));
    }

    /// <summary>
    /// As the other, over tokens and a partition: replays a run exactly when given its seed and sampling.
    /// </summary>
    /// <param name="tokens">One per position; those of target groups are drawn anew.</param>
    /// <param name="partition">Which positions are given, and the groups of the others.</param>
    /// <param name="options">Without a policy: the partition takes its place.</param>
    /// <exception cref="ArgumentException">
    /// Lengths differ or exceed the context, a token is unknown, or a policy was given too.
    /// </exception>
    public DecodingRun Prepare(IReadOnlyList<int> tokens, Partition partition, DecodingOptions? options = null)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(partition);
        options ??= new();

        if (options.Policy is not null || options.Causal)
        {
            throw new ArgumentException(
                "a partition says which groups are filled; leave policy and causal out.", nameof(options));
        }

        var canvas = Canvas.ToDecode(network, [.. tokens], partition.Spec);
        var template = EncodedTemplate.Of(tokens, position => !partition.IsEvidence(position));
        return new(Tokenizer, template, DecodingPlan.For(canvas, template, constraints, null, options));
    }

    /// <summary>Begins several decodes that run together; the caller disposes of the batch.</summary>
    /// <param name="runs">Prepared by this model.</param>
    /// <exception cref="A3Exception">Their caches together do not fit in memory; the message says how many bytes they need.</exception>
    public DecodingBatch Start(params IReadOnlyList<DecodingRun> runs)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(runs);
        RequireMemory(runs);
        return new(network, [.. runs.Select(run => run.Start())]);
    }

    /// <summary>Runs sessions together, wherever each of them stands; the caller disposes of the batch, and so of them.</summary>
    public DecodingBatch Together(params IReadOnlyList<DecodingSession> sessions)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(sessions);
        return new(network, [.. sessions]);
    }

    /// <summary>log p of a text given BOS, under a grouping.</summary>
    /// <exception cref="A3Exception">The text is longer than the context, or the tokenizer has no BOS.</exception>
    /// <exception cref="InvalidOperationException">
    /// The checkpoint has no query stream; see <see cref="ScoreCausal"/>.
    /// </exception>
    public TextScore Score(string text, Grouping grouping, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(grouping);
        var tokens = Encode(text);
        var partition = A3.Model.GroupingModule.resolve(TextShape.Of(tokens, Tokenizer), grouping.Spec);
        return Score(tokens, new(partition), cancellation);
    }

    /// <summary>
    /// log p of the targets of a partition given its evidence; of a decoded text, what its run reported (law 10).
    /// </summary>
    /// <exception cref="ArgumentException">Lengths differ or exceed the context, or a token is unknown.</exception>
    /// <exception cref="InvalidOperationException">The checkpoint has no query stream.</exception>
    public TextScore Score(IReadOnlyList<int> tokens, Partition partition, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(partition);
        var scores = Scorer.Score(Canvas.ToScore(network, [.. tokens], partition.Spec), cancellation);
        return new(scores, Bytes(scores), partition);
    }

    /// <summary>
    /// log p of a text given BOS, left to right through the content stream, as an ordinary LLaMA scores it (law 8).
    /// </summary>
    /// <exception cref="A3Exception">The text is longer than the context, or the tokenizer has no BOS.</exception>
    public TextScore ScoreCausal(string text, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        var scores = Scorer.ScoreCausal(network, Encode(text), cancellation: cancellation);
        return new(scores, Bytes(scores), null);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            network.Dispose();
        }
    }

    private int[] Encode(string text) =>
        [.. EncodedTemplate.Of(Template.Of(TemplatePart.Given(text)), Tokenizer, Architecture.Context).Tokens];

    private HashSet<int> Stops() => [.. new[] { Tokenizer.BosId, Tokenizer.EosId }.OfType<int>()];

    /// <summary>Of the scored tokens, without the space that some tokenizers put before a text.</summary>
    private int Bytes(ImmutableArray<TokenScore> scores) => scores.Sum(score =>
    {
        var bytes = Tokenizer.TokenBytes(score.Token).Span;
        return bytes.Length - (score.Position == 1 && Tokenizer.AddsLeadingSpace && bytes.StartsWith(" "u8) ? 1 : 0);
    });

    private void RequireMemory(IReadOnlyList<DecodingRun> runs)
    {
        var bytes = runs.Sum(run => run.Plan.Start().Capacity * cacheBytesPerToken);

        if (bytes > cacheLimit)
        {
            throw new A3Exception(
                $"{runs.Count} decodes together need {bytes} bytes of cache, but {cacheLimit} are there for it; start "
                + "fewer at a time, or shorter ones.");
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(disposed, this);
}
