using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

/// <summary>What is no text is refused by its place, whatever surrounds it; what is one, is taken as it is.</summary>
public sealed class WellFormedTests
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Units in which halves of pairs meet each other and whole characters.</summary>
    private static readonly Gen<string> _units = Gen
        .Elements('a', '\ud83d', '\ud800', '\udbff', '\udc00', '\ude42', '\udfff', 'é', '\uffff')
        .ArrayOf().Select(units => new string(units));

    /// <summary>Bytes in which beginnings and ends of characters meet.</summary>
    private static readonly Gen<byte[]> _bytes = Gen
        .Elements(
            "a"u8.ToArray(), "é"u8.ToArray(), "日"u8.ToArray(), "🙂"u8.ToArray(), [0x80], [0xbf], [0xc0, 0x80], [0xc3], [0xe9],
            [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x99], [0xf4, 0x90, 0x80, 0x80], [0xff], [0xfe], [0])
        .ArrayOf().Select(pieces => pieces.SelectMany(piece => piece).ToArray());

    [Fact]
    public void Half_a_pair_is_found_where_a_strict_encoder_stops() => Prop.ForAll(_units.ToArbitrary(), text =>
    {
        try
        {
            _strict.GetByteCount(text);
            Assert.Equal(text, WellFormed.Text(text));
        }
        catch (EncoderFallbackException error)
        {
            Assert.Equal(error.Index, WellFormed.HalfPair(text));
            Assert.Equal($"index {error.Index}", Assert.ThrowsAny<A3Exception>(() => WellFormed.Text(text)).Place);
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Bytes_decode_strictly_or_are_refused_where_the_valid_ones_end() => Prop.ForAll(_bytes.ToArbitrary(), bytes =>
    {
        try
        {
            Assert.Equal(_strict.GetString(bytes), WellFormed.Decode(bytes, "input"));
        }
        catch (DecoderFallbackException)
        {
            var refused = Assert.ThrowsAny<A3Exception>(() => WellFormed.Decode(bytes, "input", first: 3));
            var offset = int.Parse(refused.Place["offset ".Length..]) - 3;
            _strict.GetString(bytes, 0, offset);
            Assert.StartsWith($"input, offset {offset + 3}: byte 0x{bytes[offset]:X2} is not UTF-8", refused.Message);
            Assert.All(
                Enumerable.Range(offset + 1, Math.Min(4, bytes.Length - offset)),
                end => Assert.Throws<DecoderFallbackException>(() => _strict.GetString(bytes, 0, end)));
        }
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Every_way_into_the_library_refuses_half_a_pair_by_its_index()
    {
        const string Half = "Tom\ud83d";
        using var model = TestModel.Fake();
        var left = A3.Grouping.Singletons(A3.Order.LeftToRight);

        void AssertRefused(Action work) => Assert.Contains("half a surrogate pair", Assert.ThrowsAny<A3Exception>(work).Message);

        AssertRefused(() => TemplatePart.Given(Half));
        AssertRefused(() => model.Infill(Half + "___"));
        AssertRefused(() => model.Generate(Half, 3));
        AssertRefused(() => model.Score(Half, left));
        AssertRefused(() => model.Score(["Tom", Half], left));
        AssertRefused(() => model.ScoreCausal(Half));
        AssertRefused(() => model.ScoreOrders(Half, 2));
        AssertRefused(() => model.Rank(Template.Parse("Tom ___ ball"), ["had", Half]));
    }
}
