using A3.Model;
using A3.Torch.Data;

namespace A3.Torch.Training;

/// <summary>Draws the part of a document that an epoch trains on, at most <c>room</c> tokens of it.</summary>
internal sealed class RowPicker(IReadOnlyList<Document> documents, int room, double crop)
{
    private const int ShortestCrop = 12;

    /// <summary>
    /// A run of whole sentences for a share <c>crop</c> of the draws; else the document from its start, or, half of the times where it is
    /// too long, from any of its sentences.
    /// </summary>
    public Row Pick(int index, Seed draw)
    {
        var document = documents[index];
        if (SeedModule.uniform(SeedModule.derive(0, draw)) < crop)
        {
            return Sentences(index, document, draw);
        }

        var starts = document.Tokens.Length <= room || SeedModule.uniform(SeedModule.derive(1, draw)) < 0.5 ? 1 : document.SentenceStarts.Length;
        var start = document.SentenceStarts[SeedModule.below(starts, SeedModule.derive(2, draw))];
        return new Row(index, start, Math.Min(room, document.Tokens.Length - start));
    }

    /// <summary>A random run of whole sentences, at least <see cref="ShortestCrop"/> tokens where the document has them.</summary>
    private Row Sentences(int index, Document document, Seed draw)
    {
        var starts = document.SentenceStarts;
        var first = SeedModule.below(starts.Length, SeedModule.derive(3, draw));
        var count = 1 + SeedModule.below(starts.Length - first, SeedModule.derive(4, draw));
        var start = starts[first];
        var end = first + count < starts.Length ? starts[first + count] : document.Tokens.Length;
        start = Math.Max(0, Math.Min(start, end - ShortestCrop));
        return new Row(index, start, Math.Min(room, end - start));
    }
}
