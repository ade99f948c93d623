namespace A3.Cli

open System.Collections.Immutable
open A3
open A3.Model

/// Texts that gaps might be filled with, ranked.
[<RequireQualifiedAccess>]
module Alternatives =

    let private ofFile cancellation path =
        (GivenText.ofFile cancellation path).Text.Split '\n'
        |> Seq.map _.TrimEnd('\r')
        |> Seq.filter ((<>) "")
        |> Seq.map (fun line -> line.Split '\t' |> List.ofArray)
        |> List.ofSeq

    /// Those of the command line, a text for each gap after the other, then those of a file, one a line with tabs between gaps.
    let read cancellation gaps (given: string list) (file: string option) =
        if given.Length % gaps <> 0 then
            raise (
                UsageException
                    $"--alternatives: {given.Length} texts for {gaps} gaps; give each alternative a text for every gap, one after the other."
            )

        let all =
            List.chunkBySize gaps given
            @ (file |> Option.map (ofFile cancellation) |> Option.defaultValue [])

        if all.IsEmpty then
            raise (UsageException "--alternatives: expected at least one text.")

        all

    /// The texts of an alternative in a row.
    let private shown (each: Alternative) =
        each.Texts |> Seq.map Ink.quoted |> String.concat " "

    /// A line of names and one line for each, the likeliest first.
    let private table ink (ranked: RankedAlternatives) =
        let best = (Seq.head ranked.Alternatives).Probability

        let row (each: Alternative) =
            let tokens = each.Score.Tokens.Length
            let total = each.Score.LogProbability

            [
                Number.text "0.0" (100.0 * each.Probability) + "%", Table.plain
                Number.text "0.0000" total, Table.plain
                Number.text "0.0000" (total / float tokens), Table.plain
                string tokens, Table.plain
                shown each, Table.coloured (Colour.ofLogProbability (log (each.Probability / best)))
            ]

        Table.styled
            ink
            [ Side.Right; Side.Right; Side.Right; Side.Right; Side.Left ]
            [
                [ "probability"; "log-probability"; "per token"; "tokens"; "alternative" ]
                |> List.map (fun name -> name, Table.dim)
                yield! ranked.Alternatives |> Seq.map row
            ]

    /// What they have together, for each number of tokens: texts of other numbers are no rivals of theirs.
    let private masses (ranked: RankedAlternatives) =
        [
            for mass in ranked.Masses do
                let share = Number.text "0.0000" (100.0 * mass.Probability)

                let tokens =
                    if mass.Tokens = 1 then
                        "1 token"
                    else
                        $"{mass.Tokens} tokens"

                $"together {share}%% of all texts of {tokens}"
        ]

    let private alternative name (each: Alternative) =
        Json.record
            [
                "index", Json.whole each.Index
                if each.Texts.Length = 1 then
                    "text", Json.text each.Texts[0]
                "texts", each.Texts |> Seq.map Json.text |> Json.list
                "probability", Json.number each.Probability
                "log_probability", Json.number each.Score.LogProbability
                "bits_per_byte", Json.number each.Score.BitsPerByte
                "tokens", each.Score.Tokens |> Seq.map (ScoredText.tokenJson name) |> Json.list
            ]

    let private mass (mass: AlternativesMass) =
        Json.record
            [
                "tokens", Json.whole mass.Tokens
                "probability", Json.number mass.Probability
            ]

    /// The likeliest first; `index` is the place among those given, from 0.
    let json name grouping (ranked: RankedAlternatives) =
        Json.record
            [
                "grouping", Json.text grouping
                "alternatives", ranked.Alternatives |> Seq.map (alternative name) |> Json.list
                "masses", ranked.Masses |> Seq.map mass |> Json.list
            ]

    /// Texts for all gaps of a template, ranked together.
    let rank (model: A3Model) (invocation: Invocation) grouping (template: Template) (alternatives: string list list) =
        let alternatives =
            alternatives |> Seq.map ImmutableArray.CreateRange |> ImmutableArray.CreateRange

        model.Rank(template, alternatives, TextForms.door grouping, invocation.Cancellation)

    /// Ranks texts for the gaps of a template and writes the ranking.
    let run (invocation: Invocation) grouping given file text =
        let template = Template.Parse text
        let gaps = template.Parts |> Seq.filter _.IsGap |> Seq.length

        if gaps = 0 then
            raise (UsageException "the text has no gap to rank texts for; write ___ where they belong.")

        let alternatives = read invocation.Cancellation gaps given file
        use model = Decoding.load invocation
        ScoredText.requireQueryStream model "--alternatives"
        let ranked = rank model invocation grouping template alternatives
        let output = invocation.Output

        if output.Json then
            output
            |> Output.json (json model.Tokenizer.TokenText (Grouping.print grouping) ranked)
        else
            output |> Output.lines (table output.Ink ranked @ [ "" ] @ masses ranked)
