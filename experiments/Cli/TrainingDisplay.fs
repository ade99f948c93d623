namespace A3.Cli

open System
open A3
open A3.Torch.Training

/// The progress of a training run: a bar in a terminal, one line per report in a pipe, JSON lines for programs.
[<RequireQualifiedAccess>]
module TrainingDisplay =

    /// `1:02:03`, or `2:03` below an hour.
    let duration (span: TimeSpan) =
        if span.TotalHours >= 1.0 then
            $"{int span.TotalHours}:{span.Minutes:D2}:{span.Seconds:D2}"
        else
            $"{span.Minutes}:{span.Seconds:D2}"

    let private share (progress: TrainingProgress) =
        float progress.Tokens / float progress.TotalTokens |> min 1.0 |> max 0.0

    let private validation (progress: TrainingProgress) =
        progress.Validation
        |> Seq.map (fun entry -> $"""{entry.Key} {Number.text "0.000" entry.Value}""")
        |> fun losses -> String.Join(", ", losses)

    /// How long the rest may take, where anything tells.
    let private left (progress: TrainingProgress) =
        if progress.Remaining = TimeSpan.MaxValue then
            "?"
        else
            duration progress.Remaining

    let private numbers (progress: TrainingProgress) =
        let speed = Number.text "#,0" progress.TokensPerSecond

        let idle =
            if progress.StepsWithoutTarget = 0L then
                ""
            else
                $"  {progress.StepsWithoutTarget} steps without a target"

        $"""loss {Number.text "0.000" progress.Loss}  {speed} tokens/s  {left progress} left{idle}"""

    /// One line that says all of a report.
    let line (progress: TrainingProgress) =
        let tested =
            if progress.Validation.Count = 0 then
                ""
            else
                $"  validation: {validation progress}"

        $"""step {progress.Step}  {Number.text "0.0" (100.0 * share progress)}%%  {numbers progress}{tested}"""

    /// A bar of so many columns, and the numbers behind it.
    let bar ink columns (progress: TrainingProgress) =
        let filled = share progress * float columns |> int
        let colour = Colour.ofStep 100 (99.0 * (1.0 - share progress) |> int)

        Ink.text colour (String('━', filled)) ink
        + Ink.dim (String('─', columns - filled)) ink
        + $"""  {Number.text "0" (100.0 * share progress)}%%  {numbers progress}"""

    let private json (progress: TrainingProgress) =
        Json.record
            [
                "step", Json.whole progress.Step
                "tokens", Json.whole progress.Tokens
                "total_tokens", Json.whole progress.TotalTokens
                "loss", Json.number progress.Loss
                "gradient_norm", Json.number progress.GradientNorm
                "learning_rate", Json.number progress.LearningRate
                "tokens_per_second", Json.number progress.TokensPerSecond
                "seconds_left", Json.number progress.Remaining.TotalSeconds
                "validation", Json.record [ for entry in progress.Validation -> entry.Key, Json.number entry.Value ]
                "steps_without_target", Json.whole progress.StepsWithoutTarget
            ]

    /// Returns to the start of the line and clears it.
    let private rewind = "\r\u001b[2K"

    let private animate (output: Output) (progress: TrainingProgress) =
        if progress.Validation.Count > 0 then
            output.Out.WriteLine(
                rewind
                + Ink.dim $"step {progress.Step}  validation: {validation progress}" output.Ink
            )

        let columns = output.Width - 52 |> min 40 |> max 8
        output.Out.Write(rewind + bar output.Ink columns progress)

    /// Seconds after which work that no terminal shows is worth a line.
    let private quiet = 10.0

    let private preparationJson (progress: Preparation) =
        Json.record [ "note", Json.text progress.Text ]

    /// Shows what goes on before the training: shares of the work in place, or a line now and then where no terminal is; remarks
    /// as lines of their own.
    let preparing (output: Output) =
        let clock = Diagnostics.Stopwatch.StartNew()
        let animated = not output.Json && output.Ink <> Ink.Plain

        let show (progress: Preparation) =
            match Option.ofNullable progress.Share with
            | Some share when animated ->
                output.Out.Write($"""{rewind}{progress.Text}... {Number.text "0" (100.0 * share)}%%""")
            | Some share when not output.Json && clock.Elapsed.TotalSeconds >= quiet ->
                clock.Restart()

                output
                |> Output.line $"""{progress.Text}... {Number.text "0" (100.0 * share)}%%"""
            | Some _ -> ()
            | None when output.Json -> output |> Output.json (preparationJson progress)
            | None when animated -> output.Out.WriteLine(rewind + Ink.dim progress.Text output.Ink)
            | None -> output |> Output.note progress.Text

        { new IProgress<Preparation> with
            member _.Report progress = lock clock (fun () -> show progress)
        }

    /// Shows each report at once, on the thread that trains.
    let reporting (output: Output) =
        { new IProgress<TrainingProgress> with
            member _.Report progress =
                if output.Json then output |> Output.json (json progress)
                elif output.Ink <> Ink.Plain then animate output progress
                else output |> Output.line (line progress)
        }

    /// Ends the line of the bar.
    let finish (output: Output) =
        if not output.Json && output.Ink <> Ink.Plain then
            output |> Output.line ""
