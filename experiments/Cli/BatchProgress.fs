namespace A3.Cli

open System
open System.Diagnostics

/// How far a batch is.
type BatchProgress =
    {
        /// Rows of this and of earlier runs.
        Rows: int
        /// Rows of the input, where that is known.
        Total: int option
        Failed: int
        /// Rows of earlier runs.
        Resumed: int
        /// Tokens of this run.
        Tokens: int64
        Elapsed: TimeSpan
    }

/// The progress of a batch: a bar in a terminal, now and then a line in a pipe.
[<RequireQualifiedAccess>]
module BatchProgress =

    let private share progress total =
        if total = 0 then 1.0 else float progress.Rows / float total

    let private remaining progress total =
        let perRow = progress.Elapsed / float (max 1 (progress.Rows - progress.Resumed))

        perRow * float (total - progress.Rows)

    /// Rows done, tokens per second, time left.
    let line progress =
        let rows =
            match progress.Total with
            | Some total -> $"{progress.Rows} of {total} rows"
            | None -> $"{progress.Rows} rows"

        let failed =
            if progress.Failed = 0 then
                ""
            else
                $", {progress.Failed} failed"

        let speed =
            if progress.Tokens = 0L then
                ""
            else
                $""", {Number.rate (float progress.Tokens / max 1e-9 progress.Elapsed.TotalSeconds)} tokens/s"""

        let left =
            match progress.Total with
            | Some total when progress.Rows < total -> $", {TrainingDisplay.duration (remaining progress total)} left"
            | Some _
            | None -> ""

        $"{rows}{failed}{speed}{left}"

    /// A bar of so many columns, and the numbers behind it.
    let bar ink columns progress =
        let part = progress.Total |> Option.map (share progress) |> Option.defaultValue 0.0

        let filled = part * float columns |> int

        Ink.text (Colour.ofStep 100 (99.0 * (1.0 - part) |> int)) (String('━', filled)) ink
        + Ink.dim (String('─', columns - filled)) ink
        + "  "
        + line progress

    /// Returns to the start of the line and clears it.
    let private rewind = "\r\u001b[2K"

    let private show (output: Output) progress =
        if output.ErrorInk = Ink.Plain then
            output.Error.WriteLine(line progress)
        else
            let columns = output.Width - 60 |> min 40 |> max 8
            output.Error.Write(rewind + bar output.ErrorInk columns progress)

    /// Shows a report where the last one shown is long enough ago, and always where it is the last.
    let reporting (output: Output) =
        let pause =
            if output.ErrorInk = Ink.Plain then
                TimeSpan.FromSeconds 5.0
            else
                TimeSpan.FromSeconds 0.1

        let clock = Stopwatch.StartNew()

        fun isLast progress ->
            if not output.Json && (isLast || clock.Elapsed >= pause) then
                show output progress
                clock.Restart()

    /// Writes a line beside the bar.
    let complain (output: Output) (text: string) =
        let clear = if output.ErrorInk = Ink.Plain then "" else rewind
        output.Error.WriteLine(clear + text)

    /// Ends the line of the bar.
    let finish (output: Output) =
        if not output.Json && output.ErrorInk <> Ink.Plain then
            output.Error.WriteLine()
