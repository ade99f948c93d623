using A3.Runtime.Networks;

namespace A3.Runtime.Decoding;

/// <summary>
/// What decoding and scoring demand of a network and of the tokens given to it, checked before any work is done.
/// </summary>
internal static class NetworkRequirements
{
    /// <exception cref="RequestException">The network is an ordinary causal LLaMA.</exception>
    public static void RequireQueryStream(this INetwork network)
    {
        if (network.Architecture.QueryStream.IsAbsent)
        {
            throw new RequestException(
                "This checkpoint has no query stream (model.query_embed): it can only generate and score left to "
                + "right. Adapt it with a3 train --init.");
        }
    }

    /// <exception cref="RequestException">More positions than the network was made for.</exception>
    public static void RequireFits(this INetwork network, int length)
    {
        if (length > network.Architecture.Context)
        {
            throw new RequestException(
                $"{length} positions, but the model's context holds {network.Architecture.Context}; shorten the "
                + "text or the gaps.");
        }
    }

    /// <exception cref="RequestException">A token is not one of the vocabulary.</exception>
    public static void RequireTokens(this INetwork network, ReadOnlySpan<int> tokens)
    {
        for (var position = 0; position < tokens.Length; position++)
        {
            network.RequireToken(tokens[position], position);
        }
    }

    /// <exception cref="RequestException">The token is not one of the vocabulary.</exception>
    public static void RequireToken(this INetwork network, int token, int position)
    {
        if (token < 0 || token >= network.Architecture.Vocabulary)
        {
            throw new RequestException(
                $"tokens[{position}] = {token}, but the vocabulary holds only "
                + $"0..{network.Architecture.Vocabulary - 1}.");
        }
    }
}
