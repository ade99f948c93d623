using System.Collections.Immutable;

namespace A3;

/// <summary>On which side of a gap given bytes stand that belong to one of its tokens.</summary>
public enum BorderSide
{
    /// <summary>Before the gap: the token begins with them.</summary>
    Before,

    /// <summary>Behind the gap: the token ends with them.</summary>
    Behind,
}

/// <summary>
/// A border between given text and a gap that lies within a token: the token holds given bytes. The model's distribution at its position is
/// restricted to the tokens that agree with them and renormalised; this is the distribution of the reported log-probability.
/// </summary>
/// <param name="Position">Of the token.</param>
/// <param name="Side">Where the given bytes stand.</param>
/// <param name="Bytes">The given bytes, at least one; perhaps not whole characters.</param>
public sealed record Border(int Position, BorderSide Side, ImmutableArray<byte> Bytes)
{
    /// <summary>Whether both are at the same position and side and have the same bytes.</summary>
    public bool Equals(Border? other) =>
        other is not null && Position == other.Position && Side == other.Side && Bytes.AsSpan().SequenceEqual(other.Bytes.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Position, Side, Bytes.Length);
}
