namespace A3.Model

open System
open System.Globalization

/// Numbers as text: one way to write each, whatever the culture of the machine. ASCII digits, `-` before a negative number, a
/// point before a fraction, `e` before a power of ten; no other sign, no separators, no blanks, no infinities.
/// Law: what is printed reads back as the same number.
[<RequireQualifiedAccess>]
module Numeral =

    let private invariant = CultureInfo.InvariantCulture

    /// What is left behind one or more digits; none where there are none.
    let private digits (text: string) =
        let rest = text.TrimStart([| '0' .. '9' |])
        if rest.Length < text.Length then Some rest else None

    let private unsigned (text: string) =
        if text.StartsWith '-' then text.Substring 1 else text

    let private fraction (text: string) =
        if text.StartsWith '.' then
            digits (text.Substring 1)
        else
            Some text

    let private power (text: string) =
        if text.StartsWith 'e' || text.StartsWith 'E' then
            let power = text.Substring 1

            digits (
                if power.StartsWith '+' then
                    power.Substring 1
                else
                    unsigned power
            )
        else
            Some text

    /// Whether a number other than 0 is written before the power of ten.
    let private isNonZero (text: string) =
        text
        |> Seq.takeWhile (fun letter -> letter <> 'e' && letter <> 'E')
        |> Seq.exists (fun letter -> letter >= '1' && letter <= '9')

    /// A whole number; none for any other text, and for what 64 bits do not hold.
    let tryWhole (text: string) =
        match digits (unsigned text) with
        | Some "" ->
            match Int64.TryParse(text, NumberStyles.AllowLeadingSign, invariant) with
            | true, value -> Some value
            | false, _ -> None
        | Some _
        | None -> None

    /// A finite number; none for any other text, and for a number so large or so small that it would become infinity or 0.
    let tryReal (text: string) =
        match unsigned text |> digits |> Option.bind fraction |> Option.bind power with
        | Some "" ->
            match Double.TryParse(text, NumberStyles.Float, invariant) with
            | true, value when Double.IsFinite value && (value <> 0.0 || not (isNonZero text)) -> Some value
            | _ -> None
        | Some _
        | None -> None

    /// The shortest text that reads back as the same number.
    let print (value: float) = value.ToString("R", invariant)
