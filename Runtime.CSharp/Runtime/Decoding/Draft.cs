using A3.Runtime.Sampling;

namespace A3.Runtime.Decoding;

/// <summary>A token drawn before its predecessors were certain.</summary>
/// <param name="Drawn">The token and its log-probabilities under the draft's condition.</param>
/// <param name="Distribution">What it was drawn from.</param>
internal sealed record Draft(DecodedToken Drawn, SamplingDistribution Distribution);
