namespace A3.Cli

open System
open System.Diagnostics
open A3

/// The progress of a training run: a bar in a terminal, one line per report in a pipe, JSON lines for programs.
[<RequireQualifiedAccess>]
module TrainingDisplay =

    let private share (progress: TrainingProgress) =
        float progress.Tokens / float progress.TotalTokens |> min 1.0 |> max 0.0

    let private percent format share =
        Number.text format (100.0 * share) + "%"

    let private validation (progress: TrainingProgress) =
        progress.Validation
        |> Seq.map (fun entry -> $"""{entry.Key} {Number.text "0.000" entry.Value}""")
        |> fun losses -> String.Join(", ", losses)

    /// How long the rest may take, where anything tells.
    let private left (progress: TrainingProgress) =
        if progress.Remaining = TimeSpan.MaxValue then
            "?"
        else
            Number.duration progress.Remaining

    let private numbers (progress: TrainingProgress) =
        let idle =
            if progress.StepsWithoutTarget = 0L then
                ""
            else
                $"  {progress.StepsWithoutTarget} steps without a target"

        $"""loss {Number.text "0.000" progress.Loss}  {Number.rate progress.TokensPerSecond} tokens/s  {left progress} left{idle}"""

    /// One line that says all of a report.
    let line (progress: TrainingProgress) =
        let tested =
            if progress.Validation.Count = 0 then
                ""
            else
                $"  validation: {validation progress}"

        $"""step {progress.Step}  {percent "0.0" (share progress)}  {numbers progress}{tested}"""

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

    let private isAnimated (output: Output) =
        not output.Json && output.Ink <> Ink.Plain

    let private progressOf report =
        { new IProgress<'progress> with
            member _.Report progress = report progress
        }

    let private animate (bar: Bar) (progress: TrainingProgress) =
        if progress.Validation.Count > 0 then
            bar.Above($"step {progress.Step}  validation: {validation progress}", Table.dim)

        bar.Show(share progress, $"""{percent "0" (share progress)}  {numbers progress}""")

    /// Trains; each report is shown at once, on the thread that trains.
    let training (output: Output) (train: IProgress<TrainingProgress> -> 'result) =
        if isAnimated output then
            Bar.stays (Output.screen output) (animate >> progressOf >> train)
        elif output.Json then
            train (progressOf (fun progress -> output |> Output.json (json progress)))
        else
            train (progressOf (fun progress -> output |> Output.line (line progress)))

    /// Seconds after which work that no terminal shows is worth a line.
    let private quiet = 10.0

    let private work (progress: Preparation) share =
        $"""{progress.Text}... {percent "0" share}"""

    let private drawn (bar: Bar) (progress: Preparation) =
        match Option.ofNullable progress.Share with
        | Some share -> bar.Show(share, work progress share)
        | None -> bar.Above(progress.Text, Table.dim)

    let private written (output: Output) (clock: Stopwatch) (progress: Preparation) =
        match Option.ofNullable progress.Share with
        | Some share when not output.Json && clock.Elapsed.TotalSeconds >= quiet ->
            clock.Restart()
            output |> Output.line (work progress share)
        | Some _ -> ()
        | None when output.Json -> output |> Output.json (Json.record [ "note", Json.text progress.Text ])
        | None -> output |> Output.note progress.Text

    /// Does what goes on before the training and shows it: shares of the work in place, or a line now and then where no terminal is;
    /// remarks as lines of their own. Reports may come from any thread.
    let preparing (output: Output) (prepare: IProgress<Preparation> -> 'result) =
        let clock = Stopwatch.StartNew()

        let oneAtATime report =
            progressOf (fun progress -> lock clock (fun () -> report progress))

        if isAnimated output then
            Bar.passes (Output.screen output) (drawn >> oneAtATime >> prepare)
        else
            prepare (oneAtATime (written output clock))
