namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const string Supported = "Sequence, Prepend, Replace (of a String)";

    public static INormalizer Read(JsonPlace place) => place["type"].Text() switch
    {
        "Sequence" => new NormalizerSequence([.. place["normalizers"].Items().Select(Read)]),
        "Prepend" => new Prepend(place["prepend"].Text()),
        "Replace" => ReadReplace(place),
        _ => throw place["type"].Unsupported(Supported),
    };

    private static Replace ReadReplace(JsonPlace place)
    {
        var pattern = place["pattern"]["String"];
        if (pattern.Missing)
        {
            throw place["pattern"].Unsupported("{\"String\": ...}");
        }

        return pattern.Text().Length > 0
            ? new Replace(pattern.Text(), place["content"].Text())
            : throw pattern.Fail("is empty; at least one character is replaced.");
    }
}
