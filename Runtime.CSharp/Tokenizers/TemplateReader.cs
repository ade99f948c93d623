namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>post_processor</c>: the tokens that stand before and after every text.</summary>
internal static class TemplateReader
{
    private const string Supported = "Sequence, TemplateProcessing, ByteLevel";

    public static (IReadOnlyList<int> Before, IReadOnlyList<int> After) Read(JsonPlace place)
    {
        var (before, after) = (new List<int>(), new List<int>());
        foreach (var step in place.Missing ? [] : Flatten(place))
        {
            switch (step["type"].Text())
            {
                case "TemplateProcessing":
                    ReadSingle(step, before, after);
                    break;
                case "ByteLevel":
                    break;
                default:
                    throw step["type"].Unsupported(Supported);
            }
        }

        return (before, after);
    }

    private static IEnumerable<JsonPlace> Flatten(JsonPlace place)
        => place["type"].Text() == "Sequence" ? place["processors"].Items().SelectMany(Flatten) : [place];

    private static void ReadSingle(JsonPlace place, List<int> before, List<int> after)
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
            var ids = place["special_tokens"][name.Text()]["ids"].Items().Select(id => id.Id());
            (texts == 0 ? before : after).AddRange(ids);
        }

        if (texts != 1)
        {
            throw place["single"].Fail($"holds the text {texts} times; a template holds it once.");
        }
    }
}
