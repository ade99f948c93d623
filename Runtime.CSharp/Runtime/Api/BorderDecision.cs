using System.Text;
using A3.Runtime.Decoding;
using A3.Runtime.Networks;
using A3.Runtime.Sampling;
using A3.Runtime.Scoring;
using A3.Runtime.Texts;

namespace A3.Runtime.Api;

/// <summary>
/// Asks the model about borders whose given spelling is no token of its own, one after the other: are the given tokens likelier, or all tokens
/// together that go on from their text?
/// </summary>
/// <param name="network">The network.</param>
/// <param name="vocabulary">Its tokens.</param>
/// <param name="budget">Of the caches of what is asked.</param>
/// <param name="isCausal">Whether the content stream is asked.</param>
internal sealed class BorderDecision(INetwork network, Vocabulary vocabulary, CacheBudget budget, bool isCausal)
{
    /// <summary>Decides what a template leaves open, for a builder to go on with.</summary>
    public List<BorderChoice> Decide(TextLayoutBuilder builder, Template template, CancellationToken cancellation)
    {
        var choices = new List<BorderChoice>();

        while (builder.Build(template) is { Undecided: [var (gap, side), ..] } open)
        {
            builder.Decided[(gap, side)] = false;
            var spelt = builder.Build(template);

            // A gap of length 0 has to stand somewhere.
            if (spelt.EmptyGap == gap)
            {
                builder.Decided[(gap, side)] = true;
                continue;
            }

            var choice = Compare(gap, side, open, spelt, cancellation);
            builder.Decided[(gap, side)] = choice.IsOpen;
            choices.Add(choice);
        }

        return choices;
    }

    private BorderChoice Compare(int gap, BorderSide side, TextLayout open, TextLayout spelt, CancellationToken cancellation)
    {
        var position = side == BorderSide.Before ? open.Gaps[gap].First : open.Gaps[gap].End - 1;
        var bytes = open.Borders.First(border => border.Position == position && border.Side == side).Bytes;
        var agreeing = new PositionConstraints(vocabulary, open.Borders).Agreeing(position)!;
        var mass = isCausal
            ? new MassProbe(PartitionRows.Causal(open.Tokens.AsSpan()[..position]), null, agreeing)
            : new MassProbe(Rows(open.Evidence, open, 0), new(position, 1), agreeing);
        var scoring = Spelling(gap, side, open, spelt);
        Run([mass, scoring], cancellation);
        return new(
            gap, side, Encoding.UTF8.GetString(bytes.AsSpan()), scoring.Scores.Sum(score => score.LogProbability), mass.LogProbability!.Value);
    }

    /// <summary>The given tokens as they are spelt, from left to right, given all else that is given.</summary>
    private IScoring Spelling(int gap, BorderSide side, TextLayout open, TextLayout spelt)
    {
        var added = spelt.Evidence.Length - open.Evidence.Length;
        var first = side == BorderSide.Before ? spelt.Gaps[gap].First - added : spelt.Gaps[gap].End;
        int[] spelling = [.. Enumerable.Range(first, added)];

        if (isCausal)
        {
            return new CausalScoring(PartitionRows.Causal(spelt.Tokens.AsSpan()[..(first + added)]), first, added);
        }

        ContentRow[] targets = [.. spelling.Select((position, i) => new ContentRow(spelt.Tokens[position], position, i + 1))];
        return new QueryScoring([.. Rows([.. spelt.Evidence.Except(spelling)], spelt, 0), .. targets], targets, added);
    }

    private static ContentRow[] Rows(int[] positions, TextLayout layout, int rank) =>
        PartitionRows.Content(layout.Tokens.AsSpan(), positions, rank);

    private void Run(IDecoder[] probes, CancellationToken cancellation)
    {
        budget.Require([.. probes.Select(probe => probe.Capacity)]);
        using var pass = network.NewPass();
        var states = Array.ConvertAll(probes, probe => new DecodeState(network, probe));

        try
        {
            foreach (var _ in DecodeLoop.RunAll(states, pass, cancellation))
            {
                throw new InvalidOperationException("a comparison committed tokens.");
            }
        }
        finally
        {
            Array.ForEach(states, state => state.Dispose());
        }
    }
}
