namespace A3.Runtime.Tests.Texts;

/// <summary>Random cuts of stories, and models whose draws are wild: every token is about as likely as any other.</summary>
internal static class TextSamples
{
    /// <summary>What stories are made harder with.</summary>
    private static readonly string[] Nasty =
    [
        "😀", "👩‍👧", "é", "ü", "世界", " ", "  ", "\t", "\r\n", "\n\n", "\"", "'s", "...", "!?", "—", "\u00a0", "_", "{", "[[", "]]", "\\", "1234",
        "</s>", "<|endoftext|>",
    ];

    private static readonly string Stories = File.ReadAllText(Path.Combine(Fixtures.InRepository("experiments", "toy"), "stories.txt"));

    private static readonly Lazy<IReadOnlyDictionary<string, A3Model>> Loaded = new(Load);

    /// <summary>By kind of tokenizer; shared, so nobody disposes of them.</summary>
    public static IReadOnlyDictionary<string, A3Model> Models => Loaded.Value;

    public static IEnumerable<string> Kinds => ["byte-level", "byte fallback", "Metaspace"];

    /// <summary>How many random cases a property is tried on: A3_TEMPLATES for many.</summary>
    public static int Count(int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable("A3_TEMPLATES"), out var count) ? count : usual;

    /// <summary>A piece of a story, with one or two things in it that stories do not have; never empty.</summary>
    public static string Text(Random random, int longest = 70)
    {
        var start = random.Next(Stories.Length - longest);
        List<string> letters = [.. Stories.Substring(start, random.Next(8, longest)).Select(letter => letter.ToString())];

        for (var i = random.Next(3); i > 0; i--)
        {
            letters.Insert(random.Next(letters.Count + 1), Nasty[random.Next(Nasty.Length)]);
        }

        return string.Concat(letters);
    }

    /// <summary>A text with one to three gaps in place of pieces of it, cut anywhere between characters.</summary>
    public static Template Template(Random random, bool isCausal = false)
    {
        var parts = new List<TemplatePart>();
        var gaps = isCausal ? 1 : random.Next(1, 4);

        for (var gap = 0; gap < gaps; gap++)
        {
            parts.Add(TemplatePart.Given(random.Next(6) == 0 && gap > 0 ? "" : Text(random, 30)));
            parts.Add(TemplatePart.Gap(random.Next(5)));
        }

        if (random.Next(4) == 0)
        {
            parts[^1] = TemplatePart.Gap(random.Next(5, 16));
        }

        if (!isCausal && random.Next(4) > 0)
        {
            var text = Text(random, 30);
            parts.Add(TemplatePart.Given(text));

            if (random.Next(6) == 0)
            {
                var shortest = random.Next(3);
                parts[^2] = TemplatePart.Gap(shortest, shortest + random.Next(1, 4));
            }
        }

        return A3.Template.Of(parts);
    }

    /// <summary>At temperature 3 and without cuts more often than not, by any policy and algorithm.</summary>
    public static DecodingOptions Options(Random random)
    {
        string?[] policies =
        [
            null, "right-to-left", "random 3 | chunks 4", "all-at-once", "bisect | chunks 2", "strided 3", "entropy | constant 2",
            "confidence | threshold 0.02", "margin | constant 3 | window 4", "random 5 | singletons", "leftmost | constant 2",
        ];
        var policy = policies[random.Next(policies.Length)];
        var options = new DecodingOptions
        {
            Policy = policy is null ? null : Policy.Parse(policy),
            Seed = random.Next(),
            Sampling = random.Next(3) switch
            {
                0 => new() { Temperature = 0.7, TopK = 20, TopP = 0.9 },
                1 => SamplingOptions.Greedy,
                _ => new() { Temperature = 3 },
            },
            Revision = random.Next(4) == 0 ? new() { Sweeps = 2, Share = 0.6, Block = random.Next(1, 4) } : null,
            Reference = random.Next(8) == 0,
        };
        return options.Reference || policy is not (null or "right-to-left" or "random 5 | singletons") || random.Next(2) == 0
            ? options
            : options with { SpeculativeWindow = random.Next(2, 5) };
    }

    private static Dictionary<string, A3Model> Load() => Kinds.ToDictionary(kind => kind, kind =>
    {
        var tokenizer = kind switch
        {
            "byte-level" => BpeTrainer.Train([Stories[..6000]], 400, null, CancellationToken.None),
            "byte fallback" => TokenizerJson.Load(TokenizerJson.ByteFallback(
                "▁abcdefghijklmnopqrstuvwxyzTLHM.,!?\"", "▁ t", "h e", "▁t he", "i n", "in g", "▁ w", "▁w a", "▁wa s", ". \"", "e r", "▁ a", "r e", "d .",
                ", \"", "▁ ▁", "▁a n", "▁an d", "n d")),
            _ => Sentences().Load(),
        };
        return new A3Model(new FakeNetwork(tokenizer.VocabularySize, 160), tokenizer);
    });

    private static SentencePieceFile Sentences()
    {
        var file = SentencePieceFile.Standard();
        string[] pieces =
        [
            "▁the", "▁t", "the", "ing", "in", "▁was", "▁wa", "▁w", ".\"", "er", "▁a", "re", "d.", ",\"", "▁▁", "▁and", "▁an", "nd", "an", "he", "wa",
        ];

        foreach (var (index, piece) in pieces.Concat("▁abcdefghijklmnopqrstuvwxyzTLHM.,!?\"".Select(letter => letter.ToString())).Index())
        {
            file.Piece(piece, -index);
        }

        return file.Trainer(2).Normalizer();
    }
}
