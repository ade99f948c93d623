using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>Laws of text to tokens and back, over arbitrary Unicode.</summary>
public sealed class RoundTripTests
{
    private static readonly ITokenizer _trained =
        BpeTrainer.Train(["One day, Tim saw a dog. \n\n The dog's name, ünïcödé 日本語 🙂🙂 12345 12345", "day dog dog Tim 🙂 日本"], 320);

    private static readonly ITokenizer _fallback =
        TokenizerJson.Load(TokenizerJson.ByteFallback("▁abcde.é日", "▁ a", "b c", "▁a bc", "▁ ▁", "▁▁ ▁▁", "d e", "é 日"));

    /// <summary>Strings of all kinds of characters: those of the vocabularies, and any code points.</summary>
    private static readonly Gen<string> _texts =
        Gen.OneOf(
            Gen.Elements(" ", "  ", "a", "abc", "de", "é日", "dog", "'s", "\n", "\r\n", "7", "🙂", "日", "\u0301", "\0").Select(piece => piece),
            Gen.Choose(0, 0xFFFF).Where(Rune.IsValid).Select(unit => ((char)unit).ToString()),
            Gen.Choose(0, 0x10FFFF).Where(Rune.IsValid).Select(point => new Rune(point).ToString()))
        .ListOf()
        .Select(pieces => string.Concat(pieces));

    [Fact]
    public void Decoding_an_encoded_text_gives_the_text_byte_level()
        => Holds(text => _trained.Decode(_trained.Encode(text, addBos: true)) == text);

    [Fact]
    public void Decoding_an_encoded_text_gives_the_text_byte_fallback()
        => Holds(text => _fallback.Decode(_fallback.Encode(text, addBos: true)) == Spaced(text));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pieces_encoded_apart_decode_to_the_whole_text(bool byteLevel)
    {
        var tokenizer = byteLevel ? _trained : _fallback;
        Holds((first, second, third) =>
        {
            int[] ids = [.. tokenizer.Encode(first, addBos: true), .. tokenizer.EncodeContinuation(second), .. tokenizer.EncodeContinuation(third)];
            var expected = first + second + third;

            // A text that begins with nothing has no space added before it, so none may be taken away: see Decode.
            return (first.Length == 0 && !byteLevel) || tokenizer.Decode(ids) == (byteLevel ? expected : Spaced(expected));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_of_tokens_gives_the_decoded_text(bool byteLevel)
    {
        var tokenizer = byteLevel ? _trained : _fallback;
        Holds(text =>
        {
            var ids = tokenizer.Encode(text, addBos: true);
            var stream = new TextStream(tokenizer, continuation: false);
            var streamed = string.Concat(ids.Select(stream.Push));
            return streamed == tokenizer.Decode(ids) && stream.Finish().Length == 0;
        });
    }

    [Fact]
    public void Any_ids_decode_and_stream_alike()
    {
        var ids = Gen.Choose(0, _trained.VocabularySize - 1).ListOf().Select(list => list.ToArray()).ToArbitrary();
        Prop.ForAll(ids, list =>
        {
            var stream = new TextStream(_trained, continuation: true);
            return string.Concat(list.Select(stream.Push)) + stream.Finish() == _trained.DecodeContinuation(list);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_saved_and_loaded_tokenizer_encodes_alike()
    {
        using var folder = new Folder();
        _trained.Save(folder.Path);
        var loaded = Tokenizer.Load(folder.Path);

        Assert.Equal(
            (_trained.VocabularySize, _trained.BosId, _trained.EosId), (loaded.VocabularySize, loaded.BosId, loaded.EosId));
        Holds(text => _trained.Encode(text, addBos: true).AsSpan().SequenceEqual(loaded.Encode(text, addBos: true)));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_by_its_index()
    {
        foreach (var (text, index) in (ReadOnlySpan<(string, int)>)[("\uD83D", 0), ("a\uDE42b", 1), ("🙂\uDE42\uD83D", 2)])
        {
            Assert.Contains($"text, index {index}: U+", Assert.ThrowsAny<A3Exception>(() => _trained.Encode(text, addBos: true)).Message);
            Assert.Contains($"text, index {index}: U+", Assert.ThrowsAny<A3Exception>(() => _fallback.EncodeContinuation(text)).Message);
        }
    }

    private static void Holds(Func<string, bool> law)
        => Prop.ForAll(Arb.From(_texts, text => Shorter(text)), law).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static void Holds(Func<string, string, string, bool> law)
    {
        var texts = Arb.From(_texts, text => Shorter(text));
        Prop.ForAll(texts, texts, texts, law).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static IEnumerable<string> Shorter(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
            {
                yield return text.Remove(index, 1);
            }
        }
    }

    /// <summary>The format writes a space as U+2581, so that one becomes a space.</summary>
    private static string Spaced(string text) => text.Replace('▁', ' ');
}
