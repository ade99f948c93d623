namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>model.vocab</c>.</summary>
internal static class VocabularyReader
{
    // The longest in use (runs of spaces) have some hundred characters.
    private const int Longest = 4096;

    /// <summary>The id of each entry; entries and ids are distinct, and there is at least one.</summary>
    public static Dictionary<string, int> Vocabulary(JsonPlace place)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var entries = new Dictionary<int, string>();
        foreach (var (entry, value) in place.Properties())
        {
            var id = value.Id();
            if (!entries.TryAdd(id, entry))
            {
                throw value.Fail($"id {id} belongs to \"{Shown.Text(entries[id], 60)}\" already.");
            }

            if (entry.Length > Longest)
            {
                throw value.Fail($"a token of {entry.Length} characters; at most {Longest} are read.");
            }

            vocabulary.Add(entry, id);
        }

        return vocabulary.Count > 0 ? vocabulary : throw place.Fail("is empty; a vocabulary holds at least one token.");
    }
}
