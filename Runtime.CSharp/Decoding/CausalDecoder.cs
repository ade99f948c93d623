namespace A3.Runtime;

using A3.Model;

/// <summary>Left to right through the content stream, as an ordinary LLaMA decodes; needs no query stream.</summary>
internal static class CausalDecoder
{
    /// <summary>
    /// Continues a prompt by up to <paramref name="length"/> tokens, one per step; a token of <paramref name="stops"/> is the last.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The prompt is empty, holds an unknown token, or does not fit the context together with the continuation.
    /// </exception>
    public static IEnumerable<DecodingStep> Decode(
        INetwork network,
        ReadOnlySpan<int> prompt,
        int length,
        IReadOnlySet<int> stops,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(stops);
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentOutOfRangeException.ThrowIfNegative(length);

        if (prompt.IsEmpty)
        {
            throw new ArgumentException("The prompt has no tokens; the content stream predicts what follows a "
                + "token, so give at least BOS.", nameof(prompt));
        }

        network.RequireFits(checked(prompt.Length + length));
        network.RequireTokens(prompt);

        return Steps(network, PartitionRows.Causal(prompt), length, stops, sampling, seed, cancellation);
    }

    private static IEnumerable<DecodingStep> Steps(
        INetwork network,
        ContentRow[] prompt,
        int length,
        IReadOnlySet<int> stops,
        SamplingOptions sampling,
        Seed seed,
        CancellationToken cancellation)
    {
        var sampler = new Sampler(sampling, seed, network.Architecture.Vocabulary);
        using var sequence = new CountedSequence(network, prompt.Length + length);
        cancellation.ThrowIfCancellationRequested();

        // A pass predicts after all of its content rows or after none, and only the last of a prompt is of use.
        if (prompt.Length > 1 && length > 0)
        {
            sequence.Forward(prompt.AsSpan(..^1), []);
        }

        var last = prompt[^1];

        for (var step = 0; step < length; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            sequence.ForwardCausal([last]);
            var drawn = sampler.Draw(last.Position + 1, sequence.Logits(0));
            yield return new(step, sequence.Passes, [drawn]);

            if (stops.Contains(drawn.Token))
            {
                yield break;
            }

            last = new(drawn.Token, drawn.Position, drawn.Position);
        }
    }
}
