using A3.Tensors;
using static TorchSharp.torch;

namespace A3.Torch.Networks;

/// <summary>Drawing tokens as tensor operations: the meaning of <see cref="Runtime.Sampling.SamplingDistribution"/>, for many rows at once.</summary>
internal static class DeviceSampling
{
    /// <summary>
    /// Tokens and their probabilities under the distribution they were drawn from, each [row].
    /// </summary>
    /// <param name="logits">float64 [row, vocabulary]; minus infinity where a token is not allowed.</param>
    /// <param name="options">Temperature and cuts.</param>
    /// <param name="uniforms">float64 [row], in [0, 1).</param>
    public static (Tensor Tokens, Tensor Probabilities) Draw(Tensor logits, SamplingOptions options, Tensor uniforms)
    {
        var weights = options.Temperature == 0 ? Best(logits) : Weights(logits, options);
        var cumulative = weights.cumsum(-1);
        var total = cumulative.narrow(1, cumulative.shape[1] - 1, 1);

        // The first token whose cumulative weight exceeds the number; rounding may leave none, then the last with any weight.
        var reached = (cumulative <= uniforms.unsqueeze(1) * total).sum(1);
        var last = weights.sign().to_type(ScalarType.Int64).mul(Numbers.range(weights.shape[1], weights.device)).amax([1]);
        var tokens = minimum(reached, last);
        return (tokens, (weights / total).gather(1, tokens.unsqueeze(1)).squeeze(1));
    }

    /// <summary>1 at the largest logit, of equal ones at the lowest id.</summary>
    private static Tensor Best(Tensor logits)
    {
        var ids = Numbers.range(logits.shape[1], logits.device);
        var largest = logits.amax([-1], keepdim: true);
        var worst = ids.narrow(0, ids.shape[0] - 1, 1);
        var lowest = where(logits == largest, ids, worst).amin([-1], keepdim: true);
        return (ids == lowest).to_type(ScalarType.Float64);
    }

    /// <summary>exp(logits / temperature) up to a factor, 0 where cut by top-k, then by top-p.</summary>
    private static Tensor Weights(Tensor logits, SamplingOptions options)
    {
        // Finite, so that the largest logit keeps weight 1; above 0 it is in any case, so that minus infinity keeps weight 0.
        var factor = Math.Min(1 / options.Temperature, double.MaxValue);
        var weights = Numbers.scale(factor, logits - logits.amax([-1], keepdim: true)).exp();
        var cuts = options.TopK is int k && k < weights.shape[1] || options.TopP < 1;
        if (!cuts)
        {
            return weights;
        }

        // Stable: of equally heavy tokens the lower ids come first.
        var (sorted, ids) = sort(weights, -1, descending: true, stable: true);
        if (options.TopK is int count && count < weights.shape[1])
        {
            sorted.narrow(1, count, weights.shape[1] - count).zero_();
        }

        if (options.TopP < 1)
        {
            var before = sorted.cumsum(-1) - sorted;
            var mass = Numbers.scale(options.TopP, sorted.sum(-1, keepdim: true));
            sorted = where(before < mass, sorted, zeros_like(sorted));
        }

        return zeros_like(weights).scatter(1, ids, sorted);
    }
}
