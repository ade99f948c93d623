namespace A3.Runtime.Tokenizers;

/// <summary>Words as token sequences and how often each pair of neighbours occurs, kept up to date merge by merge.</summary>
internal sealed class PairCounts
{
    private readonly List<Word> _words = [];
    private readonly Dictionary<(int Left, int Right), long> _counts = [];
    private readonly Dictionary<(int Left, int Right), List<int>> _places = [];

    // May hold outdated counts; a candidate is believed only when its count still stands.
    private readonly PriorityQueue<(int Left, int Right), (long Negated, int Left, int Right)> _candidates = new();

    public PairCounts(IEnumerable<(int[] Symbols, long Count)> words)
    {
        foreach (var (symbols, count) in words)
        {
            _words.Add(new Word(symbols, symbols.Length, count));
            for (var index = 0; index + 1 < symbols.Length; index++)
            {
                Change((symbols[index], symbols[index + 1]), count, _words.Count - 1);
            }
        }

        foreach (var (pair, count) in _counts)
        {
            Enqueue(pair, count);
        }
    }

    /// <summary>The pair that occurs most often, at least twice; among equals the one with the smallest ids.</summary>
    public bool TryTakeMostFrequent(out int left, out int right)
    {
        while (_candidates.TryDequeue(out var pair, out var order))
        {
            var count = _counts.GetValueOrDefault(pair);
            if (count == -order.Negated && count > 1)
            {
                (left, right) = pair;
                return true;
            }
        }

        (left, right) = (0, 0);
        return false;
    }

    /// <summary>Replaces every occurrence of a pair by a token.</summary>
    public void Merge(int left, int right, int merged, CancellationToken cancellation)
    {
        _places.Remove((left, right), out var places);
        var changed = new HashSet<(int, int)>();
        foreach (var place in places!)
        {
            cancellation.ThrowIfCancellationRequested();
            _words[place] = Replace(place, (left, right), merged, changed);
        }

        _counts.Remove((left, right));
        foreach (var pair in changed)
        {
            Enqueue(pair, _counts.GetValueOrDefault(pair));
        }
    }

    /// <summary>Takes all pairs of the word out of the counts, merges, and puts the pairs of the result in.</summary>
    private Word Replace(int place, (int Left, int Right) pair, int merged, HashSet<(int, int)> changed)
    {
        var (symbols, length, count) = _words[place];
        if (!Contains(symbols.AsSpan(0, length), pair))
        {
            return _words[place];
        }

        Change(symbols.AsSpan(0, length), -count, place, changed);
        var kept = 0;
        for (var index = 0; index < length; index++)
        {
            var matches = index + 1 < length && (symbols[index], symbols[index + 1]) == pair;
            symbols[kept++] = matches ? merged : symbols[index];
            index += matches ? 1 : 0;
        }

        Change(symbols.AsSpan(0, kept), count, place, changed);
        return new Word(symbols, kept, count);
    }

    private static bool Contains(ReadOnlySpan<int> symbols, (int Left, int Right) pair)
    {
        for (var index = 0; index + 1 < symbols.Length; index++)
        {
            if ((symbols[index], symbols[index + 1]) == pair)
            {
                return true;
            }
        }

        return false;
    }

    private void Change(ReadOnlySpan<int> symbols, long difference, int place, HashSet<(int, int)> changed)
    {
        for (var index = 0; index + 1 < symbols.Length; index++)
        {
            var pair = (symbols[index], symbols[index + 1]);
            Change(pair, difference, place);
            changed.Add(pair);
        }
    }

    private void Change((int Left, int Right) pair, long difference, int place)
    {
        var count = _counts.GetValueOrDefault(pair) + difference;
        _counts[pair] = count;
        if (difference > 0)
        {
            if (!_places.TryGetValue(pair, out var places))
            {
                _places[pair] = places = [];
            }

            if (places.Count == 0 || places[^1] != place)
            {
                places.Add(place);
            }
        }
    }

    private void Enqueue((int Left, int Right) pair, long count)
    {
        if (count > 1)
        {
            _candidates.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
    }

    /// <summary>A word's tokens are the first <paramref name="Length"/> of the array, which shrinks in place.</summary>
    private readonly record struct Word(int[] Symbols, int Length, long Count);
}
