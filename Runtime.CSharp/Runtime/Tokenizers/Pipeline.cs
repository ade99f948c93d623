namespace A3.Runtime.Tokenizers;

/// <summary>Bounds on the pipelines that a file describes, so that a hostile one cannot ask for endless time or memory.</summary>
internal static class Pipeline
{
    private const int MostSteps = 32;
    private const long LargestGrowth = 64;

    /// <summary>The steps of a pipeline with nested sequences opened.</summary>
    /// <param name="place">One step, or a step of type Sequence.</param>
    /// <param name="list">What a Sequence calls its list of steps.</param>
    public static List<JsonPlace> Steps(JsonPlace place, string list)
    {
        var steps = Flatten(place, list).Take(MostSteps + 1).ToList();
        return steps.Count <= MostSteps ? steps : throw place.Fail($"more than {MostSteps} steps are not supported.");
    }

    /// <summary>The text to replace and its replacement, of a step of type Replace.</summary>
    public static (string Pattern, string Content) Replacement(JsonPlace place)
    {
        var pattern = place["pattern"]["String"];
        return !pattern.Missing && pattern.Text().Length > 0
            ? (pattern.Text(), place["content"].Text())
            : throw place["pattern"].Unsupported("{\"String\": ...} of at least one character");
    }

    /// <exception cref="TokenizerException">All replacements together could make a text more than 64 times as long.</exception>
    public static void CheckGrowth(JsonPlace place, IEnumerable<(string Pattern, string Content)> replacements)
    {
        long growth = 1;
        foreach (var (pattern, content) in replacements)
        {
            growth *= Math.Max(1, (content.Length + pattern.Length - 1) / pattern.Length);
            if (growth > LargestGrowth)
            {
                throw place.Fail($"its replacements can make a text more than {LargestGrowth} times as long.");
            }
        }
    }

    private static IEnumerable<JsonPlace> Flatten(JsonPlace place, string list)
        => place["type"].Text() == "Sequence" ? place[list].Items().SelectMany(item => Flatten(item, list)) : [place];
}
