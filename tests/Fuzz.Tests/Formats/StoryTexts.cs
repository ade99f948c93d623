using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Texts with gaps and marks, of pieces that need care and pieces that need none.</summary>
internal static class StoryTexts
{
    /// <summary>Pieces without a sign of templates and marked texts.</summary>
    public static Gen<string> Plain { get; } = Gen.OneOf(
        Gen.Elements("Tom", " had", " a red ball", ". ", "He ", "was", " very happy", "\n", "\r\n", "\t", "  ", "é", "世界", "🙂", "a\u0301", "\"", "\0", "ing", "12"),
        Gen.Choose(0x20, 0x10FFFF).Where(point => Rune.IsValid(point) && !"{}[]_\\".Contains((char)point)).Select(point => new Rune(point).ToString()));

    private static readonly Gen<string> Gap = Gen.OneOf(
        Gen.Elements("___", "_____"),
        Gen.Choose(0, 9).Select(length => $"{{{length}}}"),
        from shortest in Gen.Choose(0, 4) from more in Gen.Choose(1, 4) select $"{{{shortest}..{shortest + more}}}");

    private static readonly Gen<string> Escape = Gen.Elements(@"\{", @"\_", @"\[", @"\]", @"\\", "_ ", "}");

    public static Gen<string> Template { get; } =
        from pieces in Gen.OneOf(Plain, Plain, Escape).ListOf()
        from gap in Gap
        from rest in Gen.OneOf(Plain, Plain.Select(piece => piece + "."), Escape).NonEmptyListOf()
        select string.Concat(pieces) + " " + gap + " " + string.Concat(rest);

    public static Gen<string> Marked { get; } =
        from parts in (
            from given in Plain.ListOf()
            from part in Plain.NonEmptyListOf()
            select $"{string.Concat(given)}[[{string.Concat(part)}]]").ListOf(2)
        from rest in Plain.ListOf()
        select string.Concat(parts) + string.Concat(rest);
}
