namespace A3.Cli

open System.Globalization

/// Numbers as people read them, the same in every country.
[<RequireQualifiedAccess>]
module Number =

    /// By a .NET format such as `0.00`.
    let text (format: string) (value: float) =
        value.ToString(format, CultureInfo.InvariantCulture)

    /// `1,234,567`.
    let grouped (value: int64) =
        value.ToString("#,0", CultureInfo.InvariantCulture)

    /// How many in a second: whole numbers where they say it, two digits of what is smaller.
    let rate (perSecond: float) =
        text (if perSecond < 9.5 then "G2" else "0") perSecond

    let rec private scaled value (units: string list) =
        match units with
        | unit :: larger when value >= 1000.0 && not larger.IsEmpty -> scaled (value / 1000.0) larger
        | unit :: _ -> text (if value < 9.995 then "0.##" else "0.#") value + " " + unit
        | [] -> text "0" value

    /// `1.04 MB`.
    let bytes (value: int64) =
        scaled (float value) [ "bytes"; "kB"; "MB"; "GB"; "TB" ]

    /// `519.9 kFLOP`.
    let flops (value: int64) =
        scaled (float value) [ "FLOP"; "kFLOP"; "MFLOP"; "GFLOP"; "TFLOP"; "PFLOP" ]

    /// A share as `12%`; `<1%` for what would round to nothing.
    let percent (share: float) =
        if share > 0.0 && share < 0.005 then
            "<1%"
        else
            text "0" (100.0 * share) + "%"

    /// `1:02:03`, or `2:03` below an hour.
    let duration (span: System.TimeSpan) =
        let two (value: int) = (string value).PadLeft(2, '0')

        if span.TotalHours >= 1.0 then
            $"{int span.TotalHours}:{two span.Minutes}:{two span.Seconds}"
        else
            $"{span.Minutes}:{two span.Seconds}"
