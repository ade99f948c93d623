namespace A3;

/// <summary>What a run says of itself before it trains.</summary>
/// <param name="Text">The work being done, or a remark in one sentence.</param>
/// <param name="Share">How much of the work is done, 0 to 1; null for a remark.</param>
public sealed record Preparation(string Text, double? Share);
