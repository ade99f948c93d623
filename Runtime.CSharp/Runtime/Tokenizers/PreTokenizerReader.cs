namespace A3.Runtime.Tokenizers;

/// <summary>Reads <c>pre_tokenizer</c>.</summary>
internal static class PreTokenizerReader
{
    private const string Supported = "Sequence, Split, Digits, Metaspace, ByteLevel";

    /// <summary>
    /// The steps (null: the text is one word), whether words become bytes after them, and whether a text gets a space before it then.
    /// </summary>
    public static (IPreTokenizer? Steps, bool ByteLevel, bool PrefixSpace) Read(JsonPlace place)
    {
        var steps = new List<IPreTokenizer>();
        var byteLevel = false;
        foreach (var step in Pipeline.Steps(place, "pretokenizers"))
        {
            if (byteLevel)
            {
                throw step.Fail("follows ByteLevel, which must be the last step.");
            }

            byteLevel = step["type"].Text() == "ByteLevel";
            steps.AddRange(byteLevel ? ByteLevelSteps(step) : [Step(step)]);
        }

        return (
            steps.Count switch { 0 => null, 1 => steps[0], _ => new PreTokenizerSequence(steps) },
            byteLevel,
            steps.Any(step => step is PrefixSpace));
    }

    private static IPreTokenizer Step(JsonPlace place) => place["type"].Text() switch
    {
        "Split" => new SplitPreTokenizer(Pattern(place["pattern"]), Behavior(place["behavior"]), place["invert"].Flag(false)),
        "Digits" => Digits(place),
        "Metaspace" => MetaspaceStep(place),
        _ => throw place["type"].Unsupported(Supported),
    };

    private static IEnumerable<IPreTokenizer> ByteLevelSteps(JsonPlace place)
    {
        if (place["add_prefix_space"].Flag(missing: true))
        {
            yield return new PrefixSpace();
        }

        if (place["use_regex"].Flag(missing: true))
        {
            var pattern = SplitPattern.Parse(SplitPattern.Gpt2, place.File, place.Path);
            yield return new SplitPreTokenizer(pattern, SplitBehavior.Isolated, invert: false);
        }
    }

    private static SplitPreTokenizer Digits(JsonPlace place)
    {
        var behavior = place["individual_digits"].Flag(missing: false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
        return new SplitPreTokenizer(SplitPattern.Parse(@"\p{N}", place.File, place.Path), behavior, invert: false);
    }

    private static Metaspace MetaspaceStep(JsonPlace place)
    {
        var scheme = Scheme(place);
        return new Metaspace(place["replacement"].Character(), scheme, place["split"].Flag(missing: true));
    }

    /// <summary>The scheme of a Metaspace pre-tokenizer or decoder; older files write <c>add_prefix_space</c>.</summary>
    public static PrependScheme Scheme(JsonPlace place)
    {
        var scheme = place["prepend_scheme"];
        if (scheme.Missing)
        {
            return place["add_prefix_space"].Flag(missing: true) ? PrependScheme.Always : PrependScheme.Never;
        }

        return scheme.Text() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw scheme.Unsupported("always, first, never"),
        };
    }

    private static SplitPattern Pattern(JsonPlace place)
    {
        var (regex, literal) = (place["Regex"], place["String"]);
        if (!regex.Missing)
        {
            return SplitPattern.Parse(regex.Text(), regex.File, regex.Path);
        }

        if (literal.Missing)
        {
            throw place.Unsupported("{\"Regex\": ...}, {\"String\": ...}");
        }

        return literal.Text().Length > 0
            ? SplitPattern.Literal(literal.Text(), literal.File, literal.Path)
            : throw literal.Fail("is empty; a text to split at has at least one character.");
    }

    private static SplitBehavior Behavior(JsonPlace place) => place.Text() switch
    {
        "Isolated" => SplitBehavior.Isolated,
        "Removed" => SplitBehavior.Removed,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        _ => throw place.Unsupported("Isolated, Removed, MergedWithPrevious, MergedWithNext, Contiguous"),
    };
}
