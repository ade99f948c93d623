namespace A3

open System
open System.Globalization
open System.Text

/// Bytes of others as messages and terminals may show them: names and values from files, requests and command lines.
/// Laws: one line without control characters, of bounded length; a text shown once more is the same.
[<AbstractClass; Sealed>]
type Shown private () =

    /// The longest that is shown of a text, in UTF-16 units.
    static let longest = 200

    static let cut = "..."

    /// Control characters, line ends, and marks of direction, which make a line read as another; joiners are parts of emoji and words.
    static let escapes text at =
        match CharUnicodeInfo.GetUnicodeCategory(text, at) with
        | UnicodeCategory.Control
        | UnicodeCategory.LineSeparator
        | UnicodeCategory.ParagraphSeparator
        | UnicodeCategory.Surrogate -> true
        | UnicodeCategory.Format -> text[at] <> '\u200C' && text[at] <> '\u200D'
        | _ -> false

    static let escape (unit: char) =
        match unit with
        | '\n' -> @"\n"
        | '\r' -> @"\r"
        | '\t' -> @"\t"
        | unit -> @"\u" + (int unit).ToString("x4", CultureInfo.InvariantCulture)

    /// Every character of a text as a piece that is never cut: itself, a whole surrogate pair, or its escape.
    static let pieces (text: string) =
        let width at =
            if Char.IsSurrogatePair(text, at) then 2 else 1

        0
        |> Seq.unfold (fun at ->
            if at >= text.Length then
                None
            else
                let piece = text.Substring(at, width at)

                let shown =
                    if escapes text at then
                        String.collect escape piece
                    else
                        piece

                Some(shown, at + piece.Length))

    /// A text as it may stand in a message: control characters escaped, cut to 200 characters; null is empty.
    static member Text(text: string | null) = Shown.Text(text, longest)

    /// As the other, cut to another length, at least 4.
    static member Text(text: string | null, longest: int) =
        let shown = StringBuilder()
        // One piece too many is enough to know, and keeps a message of a hostile file from costing more than its length.
        let fits = longest - cut.Length
        let mutable kept = 0

        use piece =
            (text |> Option.ofObj |> Option.defaultValue "" |> pieces).GetEnumerator()

        while shown.Length <= longest && piece.MoveNext() do
            shown.Append piece.Current |> ignore

            if shown.Length <= fits then
                kept <- shown.Length

        if shown.Length <= longest then
            shown.ToString()
        else
            shown.ToString(0, kept) + cut
