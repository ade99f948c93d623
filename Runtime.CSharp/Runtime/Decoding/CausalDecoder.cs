using A3.Runtime.Networks;
using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

using A3.Model;

/// <summary>Left to right through the content stream, as an ordinary LLaMA decodes; needs no query stream.</summary>
internal sealed class CausalDecoder : IDecoder
{
    private readonly Sampler sampler;
    private readonly CommittedTokens committed;
    private int cached;
    private ContentRow[] content;

    private CausalDecoder(ContentRow[] content, CommittedTokens committed, Sampler sampler) =>
        (this.content, this.committed, this.sampler) = (content, committed, sampler);

    public int Capacity => cached + content.Length + committed.Length - 1 - committed.Last;

    public bool IsDone => committed.Last == committed.Length - 1;

    /// <summary>
    /// Continues a prompt by up to <paramref name="length"/> tokens, one per step; one that ends the text is the last.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The prompt is empty, holds an unknown token, or does not fit the context together with the continuation.
    /// </exception>
    public static CausalDecoder Create(INetwork network, ReadOnlySpan<int> prompt, int length, Sampler sampler)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegative(length);

        if (prompt.IsEmpty)
        {
            throw new RequestException("The prompt has no tokens; the content stream predicts what follows a "
                + "token, so give at least BOS.");
        }

        network.RequireFits(checked(prompt.Length + length));
        network.RequireTokens(prompt);
        var given = prompt.Length;
        return new(
            PartitionRows.Causal(prompt), new([.. prompt, .. new int[length]], position => position >= given), sampler);
    }

    /// <summary>As <see cref="Create"/>, run to its end.</summary>
    public static IEnumerable<DecodingStep> Decode(
        INetwork network,
        ReadOnlySpan<int> prompt,
        int length,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        var start = Create(network, prompt, length, new(sampling, seed));
        return DecodeLoop.Run(network, () => start.Fork(null), cancellation);
    }

    public PassRequest Request() => new(cached, content, [], Predicting: 1);

    public CommittedGroup? Commit(PassPredictions predictions)
    {
        var drawn = predictions.Draw([committed.Last + 1], sampler, committed);
        cached += content.Length;
        content = PartitionRows.Content(drawn, drawn[0].Position);
        return new(drawn);
    }

    public IDecoder Fork(Seed? seed) => new CausalDecoder(content, committed.Copy(), sampler.Reseeded(seed)) { cached = cached };
}
