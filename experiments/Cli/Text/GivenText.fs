namespace A3.Cli

open System
open A3

/// The text that a command works on, and what stood around it.
type GivenText =
    {
        /// Every byte of what was given but the line end that closes a file, and a byte-order mark.
        Text: string
        /// What closes the text where it is written again: the line end that closed the file, none where it had none.
        LineEnd: string
    }

/// Texts from the command line, files and standard input: UTF-8, taken as they are.
[<RequireQualifiedAccess>]
module GivenText =

    /// More than any context holds, and little enough for any memory.
    let private longest = 1 <<< 24

    /// Words of a command's main argument as one text, which ends where the line does.
    let ofWords words =
        {
            Text = Words.joined words
            LineEnd = "\n"
        }

    let private lineEnds = [ "\r\n"; "\n" ]

    let private ofWhole (whole: string) =
        let lineEnd =
            lineEnds
            |> List.tryFind (fun lineEnd -> whole.EndsWith(lineEnd, StringComparison.Ordinal))
            |> Option.defaultValue ""

        {
            Text = whole.Substring(0, whole.Length - lineEnd.Length)
            LineEnd = lineEnd
        }

    /// The text of a file, or of standard input for `-`.
    let ofFile cancellation path =
        let bytes = Input.bytes cancellation longest path
        let mark = Text.Encoding.UTF8.Preamble

        let first = if bytes.AsSpan().StartsWith mark then mark.Length else 0

        try
            WellFormed.Decode(ReadOnlySpan(bytes, first, bytes.Length - first), Input.name path, first)
            |> ofWhole
        with :? A3Exception as error ->
            raise (UsageException error.Message)

    /// The text that a command works on: its words, or `-`, or a file; none where nothing is given.
    let read cancellation (words: string list) (file: string option) =
        match words, file with
        | [], None -> None
        | [], Some path -> Some(ofFile cancellation path)
        | [ "-" ], None -> Some(ofFile cancellation Input.standard)
        | words, None -> Some(ofWords words)
        | _, Some path -> raise (UsageException $"a text and --file {Shown.Text path}; give one of the two.")
