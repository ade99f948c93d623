using System.Text;
using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class TextShapeTests
{
    [Theory]
    [InlineData("Tom ran. He fell.", "Tom| ran.| He| fell.", "Tom ran.| He fell.")]
    [InlineData("\"Go!\" she said. (Yes.)  Now?\nOh", "\"Go!\"| she| said.| (Yes.)|  Now?|\nOh", "\"Go!\"| she said.| (Yes.)|  Now?|\nOh")]
    [InlineData("one", "one", "one")]
    [InlineData("", "", "")]
    public void Words_start_at_white_space_and_sentences_after_a_full_stop(string text, string words, string sentences)
    {
        // Untrained: one token per byte.
        var tokenizer = BpeTrainer.Train([], BpeTrainer.SmallestVocabulary, null, CancellationToken.None);
        var tokens = tokenizer.Encode(text, addBos: true);
        var shape = TextSequenceLayout.Of(tokens, tokenizer);

        Assert.Equal(words, Split(shape.WordStarts));
        Assert.Equal(sentences, Split(shape.SentenceStarts));
        Assert.Equal([[0]], shape.Evidence);

        string Split(int[] starts) => string.Join("|", starts.Select((start, i) =>
            Encoding.UTF8.GetString([.. Encoding.UTF8.GetBytes(text)[(start - 1)..((i + 1 < starts.Length ? starts[i + 1] : tokens.Length) - 1)]])));
    }
}
