using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

public sealed class SplitPatternTests
{
    [Theory]
    [InlineData("Hello world's  end", "Hello| world|'s| | end")]
    [InlineData("I'LL 1234567", "I|'LL| |123|456|7")]
    [InlineData("a\n\n  b\r\n", "a|\n\n| | b|\r\n")]
    [InlineData("dog!!! (yes)\n", "dog|!!!| (|yes|)\n")]
    [InlineData("x   ", "x|   ")]
    public void Llama_3_s_pattern_cuts_words(string text, string words)
        => Assert.Equal(words.Split('|'), Words(SplitPattern.Llama3, text));

    [Fact]
    public void Characters_beyond_U_FFFF_are_matched_by_their_category()
    {
        // Mathematical letters (Lu, Ll), Deseret, an ideograph of extension B, mathematical digits, an emoji.
        Assert.Equal(["𝒜𝓁𝓁", " 𐐀𐐨", " 𠀀𠀁"], Words(SplitPattern.Llama3, "𝒜𝓁𝓁 𐐀𐐨 𠀀𠀁"));
        Assert.Equal(["𝟙𝟚𝟛", "𝟜"], Words(SplitPattern.Llama3, "𝟙𝟚𝟛𝟜"));
        Assert.Equal(["a", "🙂🙂", "b"], Words(SplitPattern.Llama3, "a🙂🙂b"));
        Assert.Equal(["🙂a"], Words(SplitPattern.Llama3, "🙂a"));
    }

    [Fact]
    public void A_lone_surrogate_is_matched_as_the_replacement_character()
        => Assert.Equal(["a", "\uD83D", "𝒜"], Words(@"\p{L}|\uFFFD", "a\uD83D𝒜"));

    [Theory]
    [InlineData("Isolated", false, "a|-|-|b")]
    [InlineData("Removed", false, "a|b")]
    [InlineData("Removed", true, "-|-")]
    [InlineData("MergedWithPrevious", false, "a-|-|b")]
    [InlineData("MergedWithNext", false, "a|-|-b")]
    [InlineData("Contiguous", false, "a|--|b")]
    public void Matches_are_cut_out_removed_or_merged(string behavior, bool invert, string words)
    {
        var split = new SplitPreTokenizer(SplitPattern.Literal("-", "", ""), Enum.Parse<SplitBehavior>(behavior), invert);
        var found = new List<ReadOnlyMemory<char>>();
        split.Split("a--b".AsMemory(), new Placement(First: true, Continuation: false), found);

        Assert.Equal(words.Split('|'), found.Select(word => word.ToString()));
    }

    private static IEnumerable<string> Words(string pattern, string text)
    {
        var segments = new List<(Range Range, bool Matched)>();
        SplitPattern.Parse(pattern, "", "").Segments(text, segments);
        return segments.Select(segment => text[segment.Range]);
    }
}
