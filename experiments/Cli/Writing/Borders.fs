namespace A3.Cli

open System
open System.Text
open System.Text.Unicode
open A3

/// Borders between given text and gaps that lie within tokens, as people and programs meet them.
[<RequireQualifiedAccess>]
module Borders =

    let private side (side: BorderSide) =
        match side with
        | BorderSide.Before -> "before"
        | BorderSide.Behind -> "behind"
        | other -> string other

    /// The position, the side of the gap on which the given bytes stand, and the bytes; `text` where they are whole characters.
    let json (border: Border) =
        let bytes = Seq.toArray border.Bytes

        Json.record
            [
                "position", Json.whole border.Position
                "side", Json.text (side border.Side)
                "bytes", border.Bytes |> Seq.map int |> Json.wholes
                if Utf8.IsValid bytes then
                    "text", Json.text (Encoding.UTF8.GetString bytes)
            ]

    /// How the model chose where the given spelling is no token of its own.
    let choiceJson (choice: BorderChoice) =
        Json.record
            [
                "gap", Json.whole choice.Gap
                "side", Json.text (side choice.Side)
                "text", Json.text choice.Text
                "spelt_log_probability", Json.number choice.SpeltLogProbability
                "open_log_probability", Json.number choice.OpenLogProbability
                "open", Json.flag choice.IsOpen
            ]

    /// The same in a line.
    let line (choice: BorderChoice) =
        let taken =
            if choice.IsOpen then
                "goes on into the gap"
            else
                "stands as it is spelt"

        let number (value: float) = Number.text "0.00" value

        $"{Ink.quoted choice.Text} {side choice.Side} gap {choice.Gap + 1} {taken}: log-probability {number choice.OpenLogProbability} of going on, {number choice.SpeltLogProbability} as spelt"
