module A3.Model.Tests.ShownLaws

open System
open System.Globalization
open A3
open A3.Model.Tests.Generators
open Expecto
open FsCheck
open FsCheck.FSharp

/// Texts of hostile files: any UTF-16 units, many of them controls, marks of direction and halves of pairs.
let private texts =
    Gen.oneof
        [
            Gen.elements
                [
                    "a"
                    "word "
                    "\u001b[2J"
                    "\r\n"
                    "\u202e"
                    "\u2028"
                    string '\ud83d'
                    string '\ude42'
                    "\U0001F642"
                    "\U000E0041"
                    "\u0085"
                ]
            Gen.choose (0, 0xFFFF) |> Gen.map (fun unit -> string (char unit))
        ]
    |> Gen.listOf
    |> Gen.map (String.concat "")
    |> Arb.fromGen

let private moves (text: string) at =
    match CharUnicodeInfo.GetUnicodeCategory(text, at) with
    | UnicodeCategory.Control
    | UnicodeCategory.LineSeparator
    | UnicodeCategory.ParagraphSeparator
    | UnicodeCategory.Surrogate -> true
    | UnicodeCategory.Format -> text[at] <> '\u200C' && text[at] <> '\u200D'
    | _ -> false

let tests =
    testList
        "shown"
        [
            property "A shown text is one line without controls, marks of direction or halves of pairs" texts
            <| fun text ->
                let shown = Shown.Text text

                for at in 0 .. shown.Length - 1 do
                    if at = 0 || not (Char.IsSurrogatePair(shown, at - 1)) then
                        Expect.isFalse (moves shown at) $"%A{shown} at {at}"

            property "A shown text is of bounded length, and shown once more it is the same" texts
            <| fun text ->
                for longest in [ 4; 20; 200 ] do
                    let shown = Shown.Text(text, longest)
                    Expect.isLessThanOrEqual shown.Length longest "length"
                    Expect.equal (Shown.Text(shown, longest)) shown "shown once more"

            property "Of a short text nothing is lost" texts
            <| fun text ->
                let short = text[.. min 30 text.Length - 1]
                Expect.isFalse (Shown.Text(short, 1000).EndsWith "..." && not (short.EndsWith "...")) short

            test "Controls are escaped, what is read stays" {
                // A literal with half a pair in it would hold U+FFFD.
                let hostile = "a\u001b[31m\tb\r\n\u202eé🙂" + string '\ud83d'
                Expect.equal (Shown.Text hostile) @"a\u001b[31m\tb\r\n\u202eé🙂\ud83d" "escapes"
                Expect.equal (Shown.Text "👩‍🚀 नि") "👩‍🚀 नि" "joiners"
                Expect.equal (Shown.Text null) "" "null"
                Expect.equal (Shown.Text("0123456789", 8)) "01234..." "cut"
                Expect.equal (Shown.Text("0123🙂6789", 8)) "0123..." "cut before a pair"
            }
        ]
