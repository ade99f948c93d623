namespace A3.Cli

open System
open A3

/// How gaps of unknown length got theirs.
[<RequireQualifiedAccess>]
module GapLengths =

    /// Candidates that people are shown.
    let private shown = 4

    let private line gaps (choice: GapLengthChoice) =
        let best =
            choice.Candidates
            |> Seq.sortByDescending _.PerToken
            |> Seq.truncate shown
            |> Seq.map (fun candidate ->
                let perToken = Number.text "0.00" candidate.PerToken
                $"{candidate.Length} ({perToken})")

        let first = Seq.head choice.Candidates
        let last = Seq.last choice.Candidates

        $"""gap {choice.Gap + 1} of {gaps}: length {choice.Length} of {first.Length}..{last.Length}; nats per token {String.Join(", ", best)}"""

    /// A line for each choice: the length, and the likeliest candidates.
    let lines (text: DecodedText) =
        text.GapLengths |> Seq.map (line text.Gaps.Length) |> List.ofSeq

    let private candidate (candidate: GapLengthScore) =
        Json.record
            [
                "length", Json.whole candidate.Length
                "log_probability", Json.number candidate.LogProbability
                "per_token", Json.number candidate.PerToken
            ]

    /// The choices with all candidates; `gap` counts the gaps of the text from 0.
    let json (text: DecodedText) =
        text.GapLengths
        |> Seq.map (fun choice ->
            Json.record
                [
                    "gap", Json.whole choice.Gap
                    "length", Json.whole choice.Length
                    "forward_passes", Json.whole choice.ForwardPasses
                    "candidates", choice.Candidates |> Seq.map candidate |> Json.list
                ])
        |> Json.list
