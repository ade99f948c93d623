using System.Text;
using A3.Runtime.Tokenizers;

namespace A3;

/// <summary>Learns a byte-level byte-pair vocabulary from texts.</summary>
/// <remarks>
/// Ids: 0 is padding (<c>&lt;pad&gt;</c>), 1 is BOS (<c>&lt;s&gt;</c>), 2 is EOS (<c>&lt;/s&gt;</c>), 3 to 258 are the bytes in
/// order, then the merges in the order in which they were learned. Text is cut into words by LLaMA 3's pattern. The result
/// depends on the texts only, not on their order: equally frequent pairs merge in the order of their ids.
/// </remarks>
public static class BpeTrainer
{
    /// <summary>The smallest vocabulary: three special tokens and all bytes.</summary>
    public const int SmallestVocabulary = TrainedVocabulary.FirstByte + 256;

    // Bounds the work of one word in texts without any word border, such as base64 or DNA.
    private const int LongestWord = 256;

    /// <summary>Merges the most frequent pair of adjacent tokens until the vocabulary is full or no pair occurs twice.</summary>
    /// <param name="texts">Read once.</param>
    /// <param name="vocabularySize">The largest vocabulary wanted, from <see cref="SmallestVocabulary"/> on.</param>
    /// <param name="progress">Gets the share of the merges learned, 0 to 1.</param>
    /// <param name="cancellation">Stops with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is smaller than its bytes or larger than can be read back.</exception>
    public static ITokenizer Train(
        IEnumerable<string> texts,
        int vocabularySize,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (vocabularySize is < SmallestVocabulary or > TokenTable.LargestId + 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(vocabularySize),
                $"A vocabulary of {vocabularySize}, but a trained one has {SmallestVocabulary} to {TokenTable.LargestId + 1} tokens.");
        }

        var pairs = new PairCounts(Words(texts, cancellation));
        var vocabulary = new TrainedVocabulary();
        while (vocabulary.Count < vocabularySize && pairs.TryTakeMostFrequent(out var left, out var right))
        {
            cancellation.ThrowIfCancellationRequested();
            pairs.Merge(left, right, vocabulary.Merge(left, right), cancellation);
            progress?.Report((double)(vocabulary.Count - SmallestVocabulary) / (vocabularySize - SmallestVocabulary));
        }

        return TrainedVocabularyWriter.Tokenizer(vocabulary);
    }

    /// <summary>The distinct words of the texts as byte tokens, with how often each occurs.</summary>
    private static IEnumerable<(int[] Symbols, long Count)> Words(IEnumerable<string> texts, CancellationToken cancellation)
    {
        var pattern = SplitPattern.Parse(SplitPattern.Llama3, nameof(BpeTrainer), "");
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        var segments = new List<(Range Range, bool Matched)>();
        foreach (var text in texts)
        {
            cancellation.ThrowIfCancellationRequested();
            segments.Clear();
            pattern.Segments(text, segments);
            foreach (var (range, _) in segments)
            {
                var word = text.AsSpan(range);
                lookup[word] = lookup.TryGetValue(word, out var count) ? count + 1 : 1;
            }
        }

        return counts.SelectMany(word => Encoding.UTF8.GetBytes(word.Key)
            .Chunk(LongestWord)
            .Select(part => (Array.ConvertAll(part, value => TrainedVocabulary.FirstByte + value), word.Value)));
    }
}
