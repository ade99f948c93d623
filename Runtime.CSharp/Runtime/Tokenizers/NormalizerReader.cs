namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>normalizer</c>.</summary>
internal static class NormalizerReader
{
    private const string Supported = "Sequence, Prepend, Replace (of a String)";

    // Put before every stretch of a text that added tokens leave.
    private const int LongestPrefix = 64;

    public static INormalizer Read(JsonPlace place)
    {
        var steps = new List<INormalizer>();
        var replacements = new List<(string, string)>();
        foreach (var step in Pipeline.Steps(place, "normalizers"))
        {
            switch (step["type"].Text())
            {
                case "Prepend":
                    var prefix = step["prepend"].Text();
                    steps.Add(prefix.Length <= LongestPrefix
                        ? new Prepend(prefix)
                        : throw step["prepend"].Fail($"has {prefix.Length} characters; at most {LongestPrefix} are put before a text."));
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
