namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>post_processor</c>: the tokens that stand before and after every text.</summary>
internal static class TemplateReader
{
    private const string Supported = "Sequence, TemplateProcessing, ByteLevel";

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
        foreach (var item in place["single"].Items())
        {
            if (!item["Sequence"].Missing)
            {
                texts++;
                continue;
            }

            var name = item["SpecialToken"]["id"];
            var ids = place["special_tokens"][name.Text()]["ids"].Items().Select(id => Known(id, count));
            (texts == 0 ? before : after).AddRange(ids);
        }

        if (texts != 1)
        {
            throw place["single"].Fail($"holds the text {texts} times; a template holds it once.");
        }
    }

    private static int Known(JsonPlace place, int count)
        => place.Id() < count ? place.Id() : throw place.Fail($"id {place.Id()}, but the vocabulary holds only 0..{count - 1}.");
}
