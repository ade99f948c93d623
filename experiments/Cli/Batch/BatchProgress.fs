namespace A3.Cli

open System
open System.Diagnostics
open Spectre.Console

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

/// Where a batch says how far it is, and what failed.
type BatchDisplay =
    {
        /// A report, and whether it is the last.
        Report: bool -> BatchProgress -> unit
        Complain: string -> unit
    }

/// The progress of a batch: a bar in a terminal, now and then a line in a pipe.
[<RequireQualifiedAccess>]
module BatchProgress =

    let private share progress =
        match progress.Total with
        | Some 0 -> 1.0
        | Some total -> float progress.Rows / float total
        | None -> 0.0

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
            | Some total when progress.Rows < total -> $", {Number.duration (remaining progress total)} left"
            | Some _
            | None -> ""

        $"{rows}{failed}{speed}{left}"

    /// A report where the last one shown is long enough ago, and always where it is the last.
    let private nowAndThen seconds show =
        let clock = Stopwatch.StartNew()

        fun isLast progress ->
            if isLast || clock.Elapsed.TotalSeconds >= seconds then
                show progress
                clock.Restart()

    let private onBar (bar: Bar) =
        {
            Report = nowAndThen 0.1 (fun progress -> bar.Show(share progress, line progress))
            Complain = fun text -> bar.Above(text, Style.Plain)
        }

    let private inLines (output: Output) report =
        {
            Report = report
            Complain = fun text -> output.Error.WriteLine text
        }

    /// Does a batch whose rows go to standard output or elsewhere; a terminal that shows the rows needs no bar beside them.
    let during (output: Output) goesElsewhere (work: BatchDisplay -> 'result) =
        if output.Json || (output.IsTerminal && not goesElsewhere) then
            work (inLines output (fun _ _ -> ()))
        elif output.ErrorInk = Ink.Plain then
            work (inLines output (nowAndThen 5.0 (fun progress -> output.Error.WriteLine(line progress))))
        else
            Bar.stays (Output.errorScreen output) (onBar >> work)
