namespace A3.Cli

open System

/// A range of numbers along a line of a picture: `Low` lies at `From`, `High` at `To`.
type Axis =
    {
        Low: float
        High: float
        From: float
        To: float
    }

[<RequireQualifiedAccess>]
module Axis =

    /// A step of 1, 2 or 5 times a power of ten that makes at most `most` of a length.
    let private stepOf most length =
        let raw = length / float most
        let power = 10.0 ** floor (log10 raw)

        [ 1.0; 2.0; 5.0; 10.0 ]
        |> List.map ((*) power)
        |> List.find (fun step -> step >= raw * (1.0 - 1e-9))

    /// An axis whose ends are round numbers around the values.
    let around from to' low high =
        // Values so near to each other that no step tells them apart lie on a line in the middle of nowhere.
        let size = abs low |> max (abs high) |> max 1.0
        let high = if high - low > 1e-9 * size then high else low + size
        let step = stepOf 6 (high - low)

        {
            Low = floor (low / step + 1e-9) * step
            High = ceil (high / step - 1e-9) * step
            From = from
            To = to'
        }

    /// An axis that ends where the values do.
    let upTo from to' high =
        {
            Low = 0.0
            High = if high >= 1.0 then high else 1.0
            From = from
            To = to'
        }

    /// Where a value lies.
    let at value axis =
        axis.From + (axis.To - axis.From) * (value - axis.Low) / (axis.High - axis.Low)

    /// Round numbers along the axis.
    let ticks axis =
        let step = stepOf 6 (axis.High - axis.Low)
        let first = ceil (axis.Low / step - 1e-9)
        let count = floor (axis.High / step + 1e-9) - first |> int
        [ for index in 0..count -> (first + float index) * step ]

    /// `2.5M`, `40k`, `0`.
    let short (value: float) =
        if abs value >= 1e15 then
            Number.text "0.##e+0" value
        elif abs value >= 1e9 then
            Number.text "0.##" (value / 1e9) + "G"
        elif abs value >= 1e6 then
            Number.text "0.##" (value / 1e6) + "M"
        elif abs value >= 1e3 then
            Number.text "0.##" (value / 1e3) + "k"
        else
            Number.text "0.##" value
