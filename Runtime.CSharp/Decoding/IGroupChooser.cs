namespace A3.Runtime;

/// <summary>Picks the next group while decoding, from what the model expects at the open positions.</summary>
internal interface IGroupChooser
{
    /// <summary>The open positions worth asking the model about, some of <paramref name="open"/> (ascending).</summary>
    int[] Candidates(int[] open);

    /// <summary>The positions to commit at this step, at least one of the candidates, ascending.</summary>
    /// <param name="step">Counts from 0.</param>
    /// <param name="candidates">One per candidate, in the same order.</param>
    int[] Choose(int step, ReadOnlySpan<Prospect> candidates);
}
