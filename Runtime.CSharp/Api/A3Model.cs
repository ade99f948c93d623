using System.Collections.Immutable;

namespace A3.Runtime;

/// <summary>A model ready to fill gaps, to generate and to score.</summary>
/// <remarks>
/// Safe to share between threads: weights never change, and every run has a cache of its own. Disposing waits for the forward passes that
/// run just now, then frees the weights, and may be done by any thread and more than once; afterwards every call throws
/// <see cref="ObjectDisposedException"/>, those of runs, sessions and batches under way too.
/// </remarks>
public sealed class A3Model : IDisposable
{
    private readonly INetwork network;
    private readonly TextScorer scorer;
    private readonly GapConstraints constraints;
    private readonly CacheBudget budget;
    private volatile bool disposed;

    internal A3Model(INetwork network, ITokenizer tokenizer, LoadOptions? options = null)
    {
        budget = new(network, options?.CacheLimit);
        this.network = network;
        Tokenizer = tokenizer;
        scorer = new(network, tokenizer);
        constraints = new(tokenizer, network.Architecture.Vocabulary);
        Architecture = new(network.Architecture);
    }

    /// <summary>The shape of the network.</summary>
    public Architecture Architecture { get; }

    /// <summary>Its text to tokens and back.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>What of the files it was loaded from is not followed, a sentence each; empty as a rule.</summary>
    public ImmutableArray<string> Notices { get; private init; } = [];

    /// <summary>Loads a checkpoint directory: <c>config.json</c>, weights and tokenizer.</summary>
    /// <exception cref="CheckpointException">A file or a tensor of the checkpoint is missing or broken.</exception>
    /// <exception cref="TokenizerException">The tokenizer is missing or broken.</exception>
    /// <exception cref="A3Exception">Tokenizer and weights do not fit, or the device is not there.</exception>
    public static A3Model Load(string directory, LoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        using var checkpoint = Checkpoint.Open(directory);
        var tokenizer = A3.Runtime.Tokenizer.LoadFor(directory, checkpoint.Architecture.Vocabulary);
        return new(NetworkLoader.Load(checkpoint, options ?? new()), tokenizer, options)
        {
            Notices = [.. checkpoint.Notices, .. tokenizer.Notices],
        };
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
        Prepare(template, options, cancellation).Complete(cancellation);

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

    /// <summary>
    /// Checks everything and gives a run whose steps can be streamed; gaps of unknown length get theirs now, which takes
    /// as many passes as the longest has tokens, and one.
    /// </summary>
    /// <exception cref="A3Exception">
    /// The template does not fit the context, or the options do not fit the model.
    /// </exception>
    /// <exception cref="OperationCanceledException">When asked to stop while the lengths of gaps are chosen.</exception>
    public DecodingRun Prepare(
        Template template, DecodingOptions? options = null, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        var (settled, lengths) = template.HasUnknownLengths ? ChooseLengths(template, cancellation) : (template, []);
        var causal = options?.Causal == true || !Architecture.HasQueryStream;
        var encoded = EncodedTemplate.Of(settled, Tokenizer, Architecture.Context, causal);
        var plan = DecodingPlan.For(network, encoded, constraints, Stops(), options ?? new());
        return new(Tokenizer, encoded, plan) { GapLengths = lengths };
    }

    /// <summary>The template with a length for every gap, and how the model chose them.</summary>
    /// <exception cref="A3Exception">
    /// The template does not fit the context, or nothing given follows a gap of unknown length.
    /// </exception>
    /// <exception cref="InvalidOperationException">The checkpoint has no query stream.</exception>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public (Template Settled, ImmutableArray<GapLengthChoice> Choices) ChooseLengths(
        Template template, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        var given = 1 + EncodedTemplate.Encode(template, Tokenizer).Sum(ids => ids.Length);
        EncodedTemplate.RequireFits(template, given, Architecture.Context);
        return new GapLengthSettlement(network, Tokenizer, template, constraints.TextOnly).Settle(cancellation);
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
    /// <exception cref="ArgumentException">A run was prepared by another model.</exception>
    /// <exception cref="A3Exception">Their caches together do not fit in memory; the message says how many bytes they need.</exception>
    public DecodingBatch Start(params IReadOnlyList<DecodingRun> runs)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(runs);
        return DecodingBatch.Start(network, budget, runs);
    }

    /// <summary>
    /// Runs sessions together, wherever each of them stands; the caller disposes of the batch, and so of them. A call that throws has changed
    /// nothing.
    /// </summary>
    /// <exception cref="ArgumentException">A session is of another model, in a batch already, or there twice.</exception>
    /// <exception cref="A3Exception">Their caches together do not fit in memory.</exception>
    public DecodingBatch Together(params IReadOnlyList<DecodingSession> sessions)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(sessions);
        return new(network, budget, sessions);
    }

    /// <summary>log p of a text given BOS, under a grouping.</summary>
    /// <exception cref="A3Exception">The text is longer than the context, or the tokenizer has no BOS.</exception>
    /// <exception cref="InvalidOperationException">
    /// The checkpoint has no query stream; see <see cref="ScoreCausal"/>.
    /// </exception>
    public TextScore Score(string text, Grouping grouping, CancellationToken cancellation = default) =>
        Score([text], grouping, cancellation)[0];

    /// <summary>As the other, for many texts together; each gets the score that it gets alone.</summary>
    public ImmutableArray<TextScore> Score(
        IReadOnlyList<string> texts, Grouping grouping, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(grouping);
        return scorer.Score([.. texts.Select(text => Encoded(text, grouping))], cancellation);
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
        return scorer.Score([([.. tokens], partition.Spec)], cancellation)[0];
    }

    /// <summary>
    /// log p of some tokens given others, under a grouping: any part given any other. Tokens that are neither are left out, as if
    /// nobody had written them yet.
    /// </summary>
    /// <param name="tokens">One per position.</param>
    /// <param name="targets">Positions to score.</param>
    /// <param name="given">Positions that are known from the start; with BOS, where it is meant to be.</param>
    /// <param name="grouping">Of the whole sequence; positions that are not asked about are dropped from its groups.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="ArgumentException">
    /// The sets meet, a position or a token is not there, or there are more tokens than the context holds.
    /// </exception>
    /// <exception cref="InvalidOperationException">The checkpoint has no query stream.</exception>
    public TextScore Score(
        IReadOnlyList<int> tokens,
        IEnumerable<int> targets,
        IEnumerable<int> given,
        Grouping grouping,
        CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(grouping);
        return scorer.Score([.. tokens], targets.ToHashSet(), given.ToHashSet(), grouping.Spec, cancellation);
    }

    /// <summary>
    /// log p of a text, left to right through the content stream, as an ordinary LLaMA scores it (law 8): given BOS where the
    /// tokenizer's own rules put one, else given the text's first token, <see cref="TextScore.Given"/>.
    /// </summary>
    /// <exception cref="A3Exception">The text is longer than the context.</exception>
    public TextScore ScoreCausal(string text, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        return scorer.ScoreCausal(EncodeCausal(text), cancellation);
    }

    /// <summary>
    /// A text under random orders, one position at a time: the bound on its probability that they give together, and their spread.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="orders">How many orders, K.</param>
    /// <param name="seed">Of the first order; the others follow.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="A3Exception">The text is longer than the context, or the tokenizer has no BOS.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No orders.</exception>
    public OrderReport ScoreOrders(string text, int orders, long seed = 0, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(orders, 1);
        var scores = scorer.Score(
            [
                .. Enumerable.Range(0, orders)
                    .Select(k => Encoded(text, Grouping.Singletons(Order.Random(unchecked(seed + k))))),
            ],
            cancellation);
        return new([.. scores.Select(score => score.LogProbability)], scores[0].Bytes);
    }

    /// <summary>Ranks texts for the only gap of a template by their probability given everything around it.</summary>
    /// <remarks>
    /// Log-probabilities are exact and comparable as they stand; who wants long alternatives not to lose by their length compares
    /// <see cref="TextScore.BitsPerByte"/>.
    /// </remarks>
    /// <param name="template">With one gap, of any length.</param>
    /// <param name="alternatives">Texts for the gap, with the space they begin with.</param>
    /// <param name="grouping">Of the gap's tokens; null for one at a time from left to right.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <returns>The likeliest first; of equally likely ones the one given first.</returns>
    /// <exception cref="ArgumentException">No or several gaps, no alternatives, or an empty one.</exception>
    /// <exception cref="A3Exception">A text is longer than the context, or the tokenizer has no BOS.</exception>
    public ImmutableArray<Alternative> Rank(
        Template template,
        IReadOnlyList<string> alternatives,
        Grouping? grouping = null,
        CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(alternatives);
        return new Ranking(Tokenizer, template, Architecture.Context)
            .Of(alternatives, grouping?.Spec, texts => scorer.Score(texts, cancellation));
    }

    /// <summary>Frees the weights, once the forward passes that run have ended.</summary>
    public void Dispose()
    {
        disposed = true;
        network.Dispose();
    }

    /// <summary>The tokens of a text as the content stream scores them.</summary>
    /// <exception cref="A3Exception">The text is longer than the context.</exception>
    internal int[] EncodeCausal(string text) => Encode(text, causal: true);

    private int[] Encode(string text, bool causal = false) =>
        [.. EncodedTemplate.Of(Template.Of(TemplatePart.Given(text)), Tokenizer, Architecture.Context, causal).Tokens];

    private (int[] Tokens, Model.Partition Partition) Encoded(string text, Grouping grouping)
    {
        var tokens = Encode(text);
        return (tokens, Model.GroupingModule.resolve(TextShape.Of(tokens, Tokenizer), grouping.Spec));
    }

    private HashSet<int> Stops() => Tokenizer.BosId is { } bos ? [bos, .. Tokenizer.EosIds] : [.. Tokenizer.EosIds];

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(disposed, this);
}
