namespace A3.Cli

open A3
open A3.Model

/// What a number that the program is given may be, from wherever it comes.
type Limit<'number> =
    private
        {
            /// Such as `a whole number`.
            kind: string
            /// The same for a text that is no number at all.
            written: string
            range: string
            /// What else a message says, such as what a value at the end of the range stands for.
            remark: string
            read: string -> 'number option
            print: 'number -> string
            holds: 'number -> bool
        }

    /// Such as `1..1000` or `above 0 and at most 1`.
    member limit.Range = limit.range

    /// As it is printed.
    member limit.Print value = limit.print value

[<RequireQualifiedAccess>]
module Limit =

    /// A whole number of 64 bits.
    let count lowest highest =
        {
            kind = "a whole number in "
            written = "a whole number in "
            range = $"{string lowest}..{string highest}"
            remark = ""
            read = Numeral.tryWhole
            print = string
            holds = fun (value: int64) -> value >= lowest && value <= highest
        }

    /// A whole number.
    let whole (lowest: int) (highest: int) =
        let limit = count lowest highest

        {
            kind = limit.kind
            written = limit.written
            range = limit.range
            remark = ""
            read = Numeral.tryWhole >> Option.filter limit.holds >> Option.map int
            print = string
            holds = int64 >> limit.holds
        }

    /// A number; the range in words, such as `of at least 0`.
    let real range holds =
        {
            kind = "a number "
            written = "a number such as 0.5, "
            range = range
            remark = ""
            read = Numeral.tryReal
            print = Numeral.print
            holds = holds
        }

    let remarking remark limit = { limit with remark = $"; {remark}" }

    let private refuse kind limit name given =
        raise (UsageException $"{name} {Shown.Text given}: expected {kind}{limit.range}{limit.remark}.")

    /// The number where it keeps its limit.
    let check name limit value =
        if limit.holds value then
            value
        else
            refuse limit.kind limit name (limit.print value)

    /// The number that a text says.
    let read name limit text =
        match limit.read text with
        | Some value -> check name limit value
        | None -> refuse limit.written limit name text

    /// The number that an option says, where it is given.
    let optional name limit text = text |> Option.map (read name limit)

    /// The number that an option says, or the usual one.
    let orElse usual name limit text =
        optional name limit text |> Option.defaultValue usual
