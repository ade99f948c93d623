namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const string Supported = "Sequence, Prepend, Replace (of a String)";

    public static INormalizer Read(JsonPlace place)
    {
        var steps = new List<INormalizer>();
        var replacements = new List<(string, string)>();
        foreach (var step in Pipeline.Steps(place, "normalizers"))
        {
            switch (step["type"].Text())
            {
                case "Prepend":
                    steps.Add(new Prepend(step["prepend"].Text()));
                    break;
                case "Replace":
                    var (pattern, content) = Pipeline.Replacement(step);
                    replacements.Add((pattern, content));
                    steps.Add(new Replace(pattern, content));
                    break;
                default:
                    throw step["type"].Unsupported(Supported);
            }
        }

        Pipeline.CheckGrowth(place, replacements);
        return new NormalizerSequence(steps);
    }
}
