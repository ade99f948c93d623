using System.Collections.Immutable;
using A3.Runtime.Api;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Networks.Managed;
using A3.Runtime.Sampling;
using A3.Runtime.Texts;
using A3.Runtime.Tokenizers;

namespace A3;

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
    private readonly Vocabulary vocabulary;
    private readonly CacheBudget budget;
    private volatile bool disposed;

    internal A3Model(INetwork network, ITokenizer tokenizer, LoadOptions? options = null)
    {
        budget = new(network, options?.CacheLimit);
        this.network = network;
        Tokenizer = tokenizer;
        vocabulary = new(tokenizer, network.Architecture.Vocabulary);
        scorer = new(network, vocabulary, budget);
        Architecture = new(network.Architecture);
    }

    /// <summary>The shape of the network.</summary>
    public Architecture Architecture { get; }

    /// <summary>Its text to tokens and back.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>
    /// What of the files it was loaded from is not followed, and vector registers that the program was compiled without, a sentence each; empty
    /// as a rule.
    /// </summary>
    public ImmutableArray<string> Notices { get; private init; } = [];

    /// <summary>Loads a checkpoint directory: <c>config.json</c>, weights and tokenizer.</summary>
    /// <exception cref="CheckpointException">A file or a tensor of the checkpoint is missing or broken.</exception>
    /// <exception cref="TokenizerException">The tokenizer is missing or broken.</exception>
    /// <exception cref="A3Exception">Tokenizer and weights do not fit, or the device is not there.</exception>
    public static A3Model Load(string directory, LoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        using var checkpoint = Checkpoint.Open(directory);
        var tokenizer = A3.Tokenizer.LoadFor(directory, checkpoint.Architecture.Vocabulary);
        return new(NetworkLoader.Load(checkpoint, options ?? new()), tokenizer, options)
        {
            Notices = [.. checkpoint.Notices, .. tokenizer.Notices, .. new[] { ProcessorNotice.Of() }.OfType<string>()],
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
        options ??= new();
        var isCausal = options.Causal || !Architecture.HasQueryStream;
        var constraints = new GapTokenSets(vocabulary, options, template.Parts.Count(part => part.IsGap));
        var builder = new TextLayoutBuilder(vocabulary, FirstTokens(isCausal), constraints);
        RequireFits(template, builder);
        var borders = new BorderDecision(network, vocabulary, budget, isCausal).Decide(builder, template.Shortest(), cancellation);
        var (whole, lengths) = template.HasUnknownLengths
            ? new GapLengthSelection(network, template, builder, constraints, budget).Select(cancellation)
            : (template, []);
        var layout = builder.Build(whole);

        if (layout.EmptyGap is int empty)
        {
            throw new RequestException(
                $"gap {empty + 1} of the template has length 0, but no token of the vocabulary goes on from the text beside it; give it a "
                + "length of at least 1.");
        }

        return new(vocabulary, layout, budget, DecodingPlan.For(network, layout, constraints, options))
        {
            GapLengths = lengths,
            BorderChoices = [.. borders],
        };
    }

    /// <summary>The template with a length for every gap, and how the model chose them.</summary>
    /// <exception cref="A3Exception">
    /// The template does not fit the context, or nothing given follows a gap of unknown length.
    /// </exception>
    /// <exception cref="RequestException">The checkpoint has no query stream.</exception>
    /// <exception cref="OperationCanceledException">When asked to stop.</exception>
    public (Template Settled, ImmutableArray<GapLengthChoice> Choices) ChooseLengths(
        Template template, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        var constraints = new GapTokenSets(vocabulary, new(), template.Parts.Count(part => part.IsGap));
        var builder = new TextLayoutBuilder(vocabulary, FirstTokens(isCausal: false), constraints);
        RequireFits(template, builder);
        new BorderDecision(network, vocabulary, budget, isCausal: false).Decide(builder, template.Shortest(), cancellation);
        return new GapLengthSelection(network, template, builder, constraints, budget).Select(cancellation);
    }

    /// <summary>
    /// As the other, over tokens and a partition: replays a run exactly when given its seed and sampling.
    /// </summary>
    /// <param name="tokens">One per position; those of target groups are drawn anew.</param>
    /// <param name="partition">Which positions are given, and the groups of the others.</param>
    /// <param name="options">Without a policy: the partition takes its place.</param>
    /// <param name="borders">Given bytes that targets hold; null for none, when borders are those of tokens.</param>
    /// <exception cref="RequestException">
    /// Tokens and partition are of different lengths or longer than the context, a token is unknown, a border is not at a target, a policy was
    /// given too, or the checkpoint has no query stream.
    /// </exception>
    public DecodingRun Prepare(
        IReadOnlyList<int> tokens, Partition partition, DecodingOptions? options = null, IReadOnlyList<Border>? borders = null)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(partition);
        options ??= new();

        if (options.Policy is not null || options.Causal)
        {
            throw new RequestException("a partition says which groups are filled; leave policy and causal out.");
        }

        var sequence = PartialSequence.ToDecode(network, [.. tokens], partition.Spec);
        RequireTargets(borders ?? [], partition);
        var layout = TextLayout.Of(tokens, position => !partition.IsEvidence(position), borders ?? [], scorer.FirstText(tokens));
        var constraints = new GapTokenSets(vocabulary, options, layout.Gaps.Length);
        return new(vocabulary, layout, budget, DecodingPlan.For(sequence, layout, constraints, null, 0, options));
    }

    /// <summary>Decodes a text once more, under the groups that it was decoded by: with the same seed and sampling, the same text.</summary>
    /// <param name="text">Decoded by this model.</param>
    /// <param name="options">Those that it was decoded with, but for what is to be otherwise.</param>
    /// <exception cref="ArgumentException">It was decoded under no partition: causally, or by the authors' adaptive algorithm.</exception>
    public DecodingRun Replay(DecodedText text, DecodingOptions? options = null)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        options ??= new();
        var partition = text.Partition
            ?? throw new ArgumentException("the text was decoded under no partition, so there is none to replay it by.", nameof(text));
        var layout = TextLayout.Of(text, scorer.FirstText([text.Tokens[0].Token]));
        int[] dropped = [.. Enumerable.Range(partition.Length, layout.Tokens.Length - partition.Length)];
        int[][] groups = [.. partition.Groups, .. dropped.Length > 0 ? [dropped] : Array.Empty<int[]>()];
        var sequence = PartialSequence.ToDecode(network, layout.Tokens.AsSpan(), Model.PartitionModule.create(partition.EvidenceGroups, groups));
        var constraints = new GapTokenSets(vocabulary, options, layout.Gaps.Length);
        return new(vocabulary, layout, budget, DecodingPlan.Again(sequence, layout, constraints, options));
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

    /// <summary>log p of a text, or of the marked parts of it given the rest, under a grouping.</summary>
    /// <param name="text">With marks as <see cref="MarkedText.Parse"/> or <see cref="MarkedText.Of"/> reads them, or without.</param>
    /// <param name="grouping">Of the scored tokens; null for one at a time from left to right.</param>
    /// <param name="countEnd">Whether the end of the text is scored too.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="A3Exception">
    /// The text is empty or longer than the context, the tokenizer cannot express it, or names no token that texts end with.
    /// </exception>
    /// <exception cref="RequestException">
    /// The checkpoint has no query stream; see <see cref="ScoreCausal(string, bool, CancellationToken)"/>.
    /// </exception>
    public TextScore Score(
        MarkedText text, Grouping? grouping = null, bool countEnd = false, CancellationToken cancellation = default) =>
        Score([text], grouping, countEnd, cancellation)[0];

    /// <summary>As the other, for many texts together; each gets the score that it gets alone.</summary>
    public ImmutableArray<TextScore> Score(
        IReadOnlyList<MarkedText> texts, Grouping? grouping = null, bool countEnd = false, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(texts);
        return scorer.Score([.. texts.Select(text => Marked(text, grouping, countEnd))], cancellation);
    }

    /// <summary>As the other, for texts without marks.</summary>
    public ImmutableArray<TextScore> Score(
        IReadOnlyList<string> texts, Grouping? grouping = null, bool countEnd = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return Score([.. texts.Select(MarkedText.Plain)], grouping, countEnd, cancellation);
    }

    /// <summary>As the other, for a text without marks.</summary>
    public TextScore Score(string text, Grouping? grouping = null, bool countEnd = false, CancellationToken cancellation = default) =>
        Score(MarkedText.Plain(text), grouping, countEnd, cancellation);

    /// <summary>
    /// log p of the targets of a partition given its evidence; of a decoded text, what its run reported (law 10).
    /// </summary>
    /// <param name="tokens">One per position.</param>
    /// <param name="partition">Which positions are given, and the groups of the others.</param>
    /// <param name="borders">Given bytes that targets hold; null for none, when borders are those of tokens.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="RequestException">
    /// Tokens and partition are of different lengths or longer than the context, a token is unknown, or a border is not at a target or does not
    /// agree with its token.
    /// </exception>
    /// <exception cref="RequestException">The checkpoint has no query stream.</exception>
    public TextScore Score(
        IReadOnlyList<int> tokens,
        Partition partition,
        IReadOnlyList<Border>? borders = null,
        CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(partition);
        RequireTargets(borders ?? [], partition);
        var sequence = PartialSequence.ToScore(network, [.. tokens], partition.Spec);
        RequireAgreement(borders ?? [], tokens);
        var layout = TextLayout.Of(tokens, position => !partition.IsEvidence(position), borders ?? [], scorer.FirstText(tokens));
        return scorer.Score([(layout, sequence.Partition)], cancellation)[0];
    }

    /// <summary>log p of what was filled into a text, under the groups and with the borders that it was decoded by: law 10.</summary>
    /// <exception cref="ArgumentException">It was decoded under no partition: causally, or by the authors' adaptive algorithm.</exception>
    /// <exception cref="RequestException">The checkpoint has no query stream.</exception>
    public TextScore Score(DecodedText text, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var partition = text.Partition
            ?? throw new ArgumentException("the text was decoded under no partition, so there is none to score it by.", nameof(text));
        return Score([.. text.Tokens.Select(token => token.Token)], partition, text.Borders, cancellation);
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
    /// <exception cref="RequestException">
    /// The sets meet, a position or a token is not there, or there are more tokens than the context holds.
    /// </exception>
    /// <exception cref="RequestException">The checkpoint has no query stream.</exception>
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
    /// <param name="text">The text.</param>
    /// <param name="countEnd">Whether the end of the text is scored too.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="A3Exception">
    /// The text is empty or longer than the context, the tokenizer cannot express it, or names no token that texts end with.
    /// </exception>
    public TextScore ScoreCausal(string text, bool countEnd = false, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        return scorer.ScoreCausal(LayoutOf(MarkedText.Plain(text), countEnd, isCausal: true), cancellation);
    }

    /// <summary>
    /// A text, or the marked parts of it given the rest, under random orders, one position at a time: the bound on its probability that they
    /// give together, and their spread.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="orders">How many orders, K.</param>
    /// <param name="seed">Of the first order; the others follow.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="A3Exception">The text is empty or longer than the context, or the tokenizer cannot express it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">No orders.</exception>
    public OrderReport ScoreOrders(MarkedText text, int orders, long seed = 0, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(text);
        ArgumentOutOfRangeException.ThrowIfLessThan(orders, 1);
        var layout = LayoutOf(text, countEnd: false);
        var scores = scorer.Score(
            [
                .. Enumerable.Range(0, orders).Select(k =>
                    (layout, Partition(layout, Model.GroupingModule.singletons(Model.Order.NewRandom(unchecked(seed + k)))))),
            ],
            cancellation);
        return new([.. scores.Select(score => score.LogProbability)], scores[0].Bytes);
    }

    /// <summary>As the other, for a text without marks.</summary>
    public OrderReport ScoreOrders(string text, int orders, long seed = 0, CancellationToken cancellation = default) =>
        ScoreOrders(MarkedText.Plain(text), orders, seed, cancellation);

    /// <summary>Ranks texts for the only gap of a template by their probability given everything around it.</summary>
    /// <inheritdoc cref="Rank(Template, IReadOnlyList{ImmutableArray{string}}, Grouping?, CancellationToken)"/>
    public RankedAlternatives Rank(
        Template template,
        IReadOnlyList<string> alternatives,
        Grouping? grouping = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(alternatives);
        return Rank(template, [.. alternatives.Select(text => ImmutableArray.Create(text))], grouping, cancellation);
    }

    /// <summary>Ranks texts for all gaps of a template together, by their joint probability given everything around them.</summary>
    /// <remarks>
    /// An alternative is what stands between the given parts, without the spaces that these have already. All are scored by whole tokens, given
    /// those that they have alike; log-probabilities are exact and comparable as they stand. Where long alternatives are not to lose by their
    /// length, compare <see cref="TextScore.BitsPerByte"/>.
    /// </remarks>
    /// <param name="template">With gaps, of any length.</param>
    /// <param name="alternatives">Each a text for every gap.</param>
    /// <param name="grouping">Of the scored tokens; null for one at a time from left to right.</param>
    /// <param name="cancellation">Asked between passes.</param>
    /// <exception cref="A3Exception">
    /// The template has no gap, there are no alternatives, one does not fit the gaps, stands twice or repeats a space of the text beside it, or a
    /// text is longer than the context.
    /// </exception>
    public RankedAlternatives Rank(
        Template template,
        IReadOnlyList<ImmutableArray<string>> alternatives,
        Grouping? grouping = null,
        CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(alternatives);
        return new AlternativeRanking(vocabulary, FirstTokens(isCausal: false), template)
            .Of(alternatives, grouping?.Spec, texts => scorer.Score(texts, cancellation));
    }

    /// <summary>Frees the weights, once the forward passes that run have ended.</summary>
    public void Dispose()
    {
        disposed = true;
        network.Dispose();
    }

    /// <summary>
    /// What stands before every text: for two streams always a token, for the content stream what the tokenizer's own rules put there.
    /// </summary>
    private ImmutableArray<int> FirstTokens(bool isCausal) => isCausal
        ? [.. Tokenizer.Prefix]
        : [FirstToken.Of(Tokenizer)];

    private TextLayout LayoutOf(MarkedText text, bool countEnd, bool isCausal = false)
    {
        var end = countEnd
            ? Tokenizer.EosId ?? throw new RequestException(
                "the tokenizer names no token that texts end with, so the end cannot be scored; name eos_token in tokenizer_config.json.")
            : (int?)null;
        var layout = MarkedLayout.Of(text, vocabulary, FirstTokens(isCausal), end);
        return layout.Tokens.Length <= Architecture.Context
            ? layout
            : throw new RequestException(
                $"the text takes {layout.Tokens.Length} positions, but the model's context holds {Architecture.Context}; shorten it.");
    }

    private (TextLayout Layout, Model.Partition Partition) Marked(MarkedText text, Grouping? grouping, bool countEnd)
    {
        var layout = LayoutOf(text, countEnd);
        return (layout, Partition(layout, grouping?.Spec ?? Model.GroupingModule.singletons(Model.Order.LeftToRight)));
    }

    /// <summary>The groups of a layout; words and sentences are those of its tokens.</summary>
    private Model.Partition Partition(TextLayout layout, Model.Grouping grouping)
    {
        var (words, sentences) = TextBoundaries.Of(layout.Tokens.AsSpan(), Tokenizer);
        return layout.OpenedFirst(grouping, words, sentences);
    }

    private void RequireFits(Template template, TextLayoutBuilder builder)
    {
        var longest = template.Longest();
        var open = longest.Parts.Sum(part => (long)part.GapLength);
        var positions = open > Architecture.Context ? open : builder.Build(longest).Tokens.Length;

        if (positions > Architecture.Context)
        {
            throw new RequestException(
                $"The template takes at least {positions} positions ({open} in gaps), but the model's context holds {Architecture.Context}; "
                + "shorten the text or the gaps.");
        }
    }

    private static void RequireTargets(IReadOnlyList<Border> borders, Partition partition)
    {
        foreach (var border in borders)
        {
            if (border.Position < 0 || border.Position >= partition.Length || partition.IsEvidence(border.Position))
            {
                throw new RequestException($"a border at position {border.Position}, but borders are at targets.");
            }
        }
    }

    private void RequireAgreement(IReadOnlyList<Border> borders, IReadOnlyList<int> tokens)
    {
        var constraints = new PositionConstraints(vocabulary, borders);

        foreach (var border in borders)
        {
            if (!constraints.Agreeing(border.Position)!.Contains(tokens[border.Position]))
            {
                throw new RequestException($"the token at position {border.Position} does not hold the bytes of its border.");
            }
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(disposed, this);
}
