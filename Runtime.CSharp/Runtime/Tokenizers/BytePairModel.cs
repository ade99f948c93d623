using System.Collections.Concurrent;

namespace A3.Runtime.Tokenizers;

/// <summary>Words to tokens: symbols, then merges.</summary>
/// <param name="symbols">What merging starts from.</param>
/// <param name="merges">The merges.</param>
/// <param name="wholeWords">Words taken as they are before any merge (<c>ignore_merges</c>); null where merges decide.</param>
internal sealed class BytePairModel(ISymbols symbols, MergeTable merges, IReadOnlyDictionary<string, int>? wholeWords)
{
    // Text repeats its words: with these two bounds (about 10 MB) a corpus encodes several times faster.
    private const int CachedWords = 1 << 16;
    private const int CachedWordLength = 48;

    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private int _cached;

    /// <summary>Whether merging starts from bytes, as in GPT-2 and LLaMA 3, or from characters, as in LLaMA 2.</summary>
    public bool StartsFromBytes => symbols is ByteSymbols;

    /// <summary>Whether a token can be part of an encoded text.</summary>
    public bool Spells(int id) => symbols.Holds(id) || merges.Makes(id) || wholeWords?.Values.Contains(id) == true;

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > CachedWordLength)
        {
            ids.AddRange(Merge(word));
            return;
        }

        var lookup = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(word, out var tokens))
        {
            tokens = [.. Merge(word)];
            if (Interlocked.Increment(ref _cached) <= CachedWords)
            {
                lookup.TryAdd(word, tokens);
            }
            else
            {
                Interlocked.Decrement(ref _cached);
            }
        }

        ids.AddRange(tokens);
    }

    private List<int> Merge(ReadOnlySpan<char> word)
    {
        if (wholeWords is not null && wholeWords.TryGetValue(symbols.Spelling(word), out var id))
        {
            return [id];
        }

        var tokens = new List<int>(word.Length);
        symbols.Split(word, tokens);
        merges.Apply(tokens);
        return tokens;
    }
}
