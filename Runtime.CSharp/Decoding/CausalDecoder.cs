namespace A3.Runtime;

using A3.Model;

/// <summary>Left to right through the content stream, as an ordinary LLaMA decodes; needs no query stream.</summary>
internal sealed class CausalDecoder : IDecoder
{
    private readonly IReadOnlySet<int> stops;
    private readonly Sampler sampler;
    private int left;
    private int cached;
    private ContentRow[] content;

    private CausalDecoder(ContentRow[] content, int left, IReadOnlySet<int> stops, Sampler sampler) =>
        (this.content, this.left, this.stops, this.sampler) = (content, left, stops, sampler);

    public int Capacity => cached + content.Length + left;

    public bool IsDone => left == 0;

    /// <summary>
    /// Continues a prompt by up to <paramref name="length"/> tokens, one per step; a token of <paramref name="stops"/> is the last.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The prompt is empty, holds an unknown token, or does not fit the context together with the continuation.
    /// </exception>
    public static CausalDecoder Create(
        INetwork network, ReadOnlySpan<int> prompt, int length, IReadOnlySet<int> stops, Sampler sampler)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(stops);
        ArgumentOutOfRangeException.ThrowIfNegative(length);

        if (prompt.IsEmpty)
        {
            throw new ArgumentException("The prompt has no tokens; the content stream predicts what follows a "
                + "token, so give at least BOS.", nameof(prompt));
        }

        network.RequireFits(checked(prompt.Length + length));
        network.RequireTokens(prompt);
        return new(PartitionRows.Causal(prompt), length, stops, sampler);
    }

    /// <summary>As <see cref="Create"/>, run to its end.</summary>
    public static IEnumerable<DecodingStep> Decode(
        INetwork network,
        ReadOnlySpan<int> prompt,
        int length,
        IReadOnlySet<int> stops,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        var start = Create(network, prompt, length, stops, new(sampling, seed));
        return DecodeLoop.Run(network, () => start.Fork(null), cancellation);
    }

    public PassRequest Ask() => new(cached, content, [], Predicting: 1);

    public Commitment? Take(PassPredictions predictions)
    {
        var drawn = predictions.Draw([content[^1].Position + 1], sampler);
        cached += content.Length;
        content = [new(drawn[0].Token, drawn[0].Position, drawn[0].Position)];
        left = stops.Contains(drawn[0].Token) ? 0 : left - 1;
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new CausalDecoder(content, left, stops, sampler.Reseeded(seed)) { cached = cached };
}
