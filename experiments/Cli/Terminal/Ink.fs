namespace A3.Cli

open System.Globalization
open System.IO
open Spectre.Console

/// How a text may be coloured.
[<RequireQualifiedAccess>]
type Ink =
    /// Not at all: plain text for pipes and files.
    | Plain
    /// The 256 colours of older terminals.
    | Colours256
    /// 24 bits per colour.
    | TrueColour

/// Pieces of text with the control codes of Spectre.Console around them; none with `Ink.Plain`.
[<RequireQualifiedAccess>]
module Ink =

    /// The ink that an environment promises: none where output is no terminal, it is dumb, or `NO_COLOR` is set.
    let ofEnvironment isTerminal (variable: string -> string) =
        if not isTerminal || variable "NO_COLOR" <> "" || variable "TERM" = "dumb" then
            Ink.Plain
        else
            match variable "COLORTERM" with
            | "truecolor"
            | "24bit" -> Ink.TrueColour
            | _ -> Ink.Colours256

    let colours ink =
        match ink with
        | Ink.Plain -> ColorSystem.NoColors
        | Ink.Colours256 -> ColorSystem.EightBit
        | Ink.TrueColour -> ColorSystem.TrueColor

    let private styled (style: Style) text ink =
        if ink = Ink.Plain || text = "" then
            text
        else
            use letters = new StringWriter(CultureInfo.InvariantCulture)
            let capabilities = AnsiCapabilities(Ansi = true, ColorSystem = colours ink)
            AnsiWriter(letters, capabilities).Write(text, style) |> ignore
            letters.ToString()

    /// Coloured letters.
    let text colour text ink =
        styled (Style(Colour.shown colour)) text ink

    /// Coloured letters in heavy type.
    let strong colour text ink =
        styled (Style(Colour.shown colour, decoration = Decoration.Bold)) text ink

    let bold text ink =
        styled (Style(decoration = Decoration.Bold)) text ink

    let dim text ink =
        styled (Style(decoration = Decoration.Dim)) text ink

    /// The text without letters that would steer a terminal, line ends and tabs excepted.
    let visible (text: string) =
        text
        |> String.map (fun letter ->
            if System.Char.IsControl letter && letter <> '\n' && letter <> '\t' then
                '\uFFFD'
            else
                letter)

    /// A token between quotes, in one line.
    let quoted (text: string) =
        let escaped =
            text.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t")

        "\"" + visible escaped + "\""
