namespace A3.Cli

open System
open System.Text.RegularExpressions
open A3
open A3.Model

/// What is said about a command line that Argu cannot read, whose texts hold the usage behind their first line.
[<RequireQualifiedAccess>]
module Usage =

    let private all pattern (text: string) =
        Regex.Matches(text, pattern, RegexOptions.Multiline)
        |> Seq.map (fun found -> found.Groups[1].Value)
        |> Seq.distinct
        |> List.ofSeq

    /// The options that a usage lists.
    let options usage = all @"(?<![\w-])(--[a-z][a-z-]*)" usage

    /// The commands that a usage lists.
    let private commands usage = all "^ +([a-z]+) <options>" usage

    let private first pattern (text: string) =
        all pattern text |> List.tryHead |> Option.defaultValue ""

    /// One line: what was found, and the name nearest to it.
    let complaint (message: string) =
        let line =
            (message.Trim().Split('\n')[0]).Replace("ERROR: ", "").Trim().TrimEnd('.')

        let unknown = line |> first "unrecognized argument: '(.*)'"

        let choices, given =
            if unknown.StartsWith '-' then
                options message, unknown
            elif unknown <> "" then
                commands message, unknown
            else
                let choices = line |> first "must be followed by <(.*)>"
                List.ofArray (choices.Split '|'), line |> first "but was '(.*)'"

        $"{Shown.Text line}{Suggestion.ending choices given}"

    /// The same for a word that a command took for a part of its text.
    let unknownOption usage option =
        $"unknown option '{Shown.Text option}'{Suggestion.ending (options usage) option}"
