namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>post_processor</c>: the tokens that stand before and after every text.</summary>
internal static class TemplateReader
{
    private const string Supported = "Sequence, TemplateProcessing, ByteLevel";

    // Real templates have one or two; each text of every batch gets them all.
    private const int MostTokens = 64;

    /// <param name="place">The value, possibly missing.</param>
    /// <param name="count">The size of the vocabulary.</param>
    public static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Read(JsonPlace place, int count)
    {
        var (before, after) = (new List<int>(), new List<int>());
        foreach (var step in place.Missing ? [] : Pipeline.Steps(place, "processors"))
        {
            switch (step["type"].Text())
            {
                case "TemplateProcessing":
                    ReadSingle(step, count, before, after);
                    break;
                case "ByteLevel":
                    break;
                default:
                    throw step["type"].Unsupported(Supported);
            }
        }

        return (before, after);
    }

    private static void ReadSingle(JsonPlace place, int count, List<int> before, List<int> after)
    {
        var texts = 0;
        foreach (var (index, item) in place["single"].Items().Index())
        {
            if (index > MostTokens)
            {
                throw place["single"].Fail($"has more than {MostTokens + 1} parts.");
            }

            if (!item["Sequence"].Missing)
            {
                texts++;
                continue;
            }

            var name = item["SpecialToken"]["id"];
            var list = place["special_tokens"][name.Text()]["ids"];
            (texts == 0 ? before : after).AddRange(list.Items().Take(MostTokens + 1).Select(id => Known(id, count)));
            if (before.Count + after.Count > MostTokens)
            {
                throw list.Fail($"puts more than {MostTokens} tokens around a text.");
            }
        }

        if (texts != 1)
        {
            throw place["single"].Fail($"holds the text {texts} times; a template holds it once.");
        }
    }

    private static int Known(JsonPlace place, int count)
        => place.Id() < count ? place.Id() : throw place.Fail($"id {place.Id()}, but the vocabulary holds only 0..{count - 1}.");
}
