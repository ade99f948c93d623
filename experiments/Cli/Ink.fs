namespace A3.Cli

/// How a text may be coloured.
[<RequireQualifiedAccess>]
type Ink =
    /// Not at all: plain text for pipes and files.
    | Plain
    /// The 256 colours of older terminals.
    | Colours256
    /// 24 bits per colour.
    | TrueColour

/// ANSI escapes around pieces of text; none with `Ink.Plain`.
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

    let private wrap code text =
        "\u001b[" + code + "m" + text + "\u001b[0m"

    let private code layer colour ink =
        match ink with
        | Ink.Plain -> ""
        | Ink.Colours256 -> $"{layer}8;5;{Colour.cube colour}"
        | Ink.TrueColour -> $"{layer}8;2;{colour.Red};{colour.Green};{colour.Blue}"

    let private styled code text ink =
        if ink = Ink.Plain || text = "" then
            text
        else
            wrap code text

    /// Coloured letters.
    let text colour text ink = styled (code "3" colour ink) text ink

    /// Coloured letters in heavy type.
    let strong colour text ink =
        styled ("1;" + code "3" colour ink) text ink

    /// Dark letters on a coloured ground.
    let ground colour text ink =
        styled (code "4" colour ink + ";30") text ink

    /// The text without letters that would steer a terminal, line ends and tabs excepted.
    let visible (text: string) =
        text
        |> String.map (fun letter ->
            if System.Char.IsControl letter && letter <> '\n' && letter <> '\t' then
                '\uFFFD'
            else
                letter)

    let bold text ink = styled "1" text ink

    let dim text ink = styled "2" text ink
