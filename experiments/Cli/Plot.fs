namespace A3.Cli

open System.IO
open Argu
open A3
open A3.Torch.Training

/// Arguments of `a3 plot`.
[<RequireQualifiedAccess>]
type PlotArguments =
    | [<MainCommand; Unique>] Run of DIR: string
    | [<Unique>] Svg of FILE: string
    | [<Unique>] Html of FILE: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Run _ -> "the directory of a run, as a3 train wrote it."
            | Svg _ -> "write the picture to a file (default, without --html: plot.svg in the run)."
            | Html _ -> "write the page to a file (default, without --svg: plot.html in the run)."

/// `a3 plot`: draws how a run learned.
[<RequireQualifiedAccess>]
module Plot =

    let example = "a3 plot runs/mine"

    /// Where picture and page go.
    let private targets (arguments: ParseResults<PlotArguments>) folder =
        match arguments.TryGetResult PlotArguments.Svg, arguments.TryGetResult PlotArguments.Html with
        | None, None -> Some(Path.Combine(folder, "plot.svg")), Some(Path.Combine(folder, "plot.html"))
        | given -> given

    let private measures (history: RunHistory) =
        ("training batches", history.Training) :: history.Validation

    let private json folder (history: RunHistory) (svg: string option) (html: string option) =
        let path (target: string option) =
            target |> Option.map Json.text |> Option.defaultValue null

        let measure (points: (float * float)[]) =
            let losses = points |> Array.map snd

            Json.record
                [
                    "first", Json.number losses[0]
                    "last", Json.number (Array.last losses)
                    "lowest", Json.number (Array.min losses)
                ]

        Json.record
            [
                "run", Json.text folder
                "steps", Json.whole history.Steps
                "tokens", Json.number history.Tokens
                "losses", Json.record [ for name, points in measures history -> name, measure points ]
                "stages", Json.list [ for stage in history.Stages -> Json.number stage.Start ]
                "svg", path svg
                "html", path html
            ]

    let private table folder (history: RunHistory) =
        let number value = (Number.text "0.000" value).PadLeft 9

        [
            $"{Shown.Text folder}: {Number.grouped history.Steps} steps, {Number.grouped (int64 history.Tokens)} tokens"
            $"""{"nats per token", -32}    first     last   lowest"""
            for name, points in measures history do
                let losses = points |> Array.map snd
                $"{name, -32}{number losses[0]}{number (Array.last losses)}{number (Array.min losses)}"
        ]

    let run (invocation: Invocation) (arguments: ParseResults<PlotArguments>) =
        let folder =
            match Options.word (arguments.TryGetResult PlotArguments.Run) with
            | Some folder -> ModelFolder.find (Some folder)
            | None -> raise (MisuseException $"plot needs the directory of a run: {example}")

        let history = RunHistory.read folder

        let name =
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))

        let chart = Chart.ofHistory $"how {name} learned" history
        let svg, html = targets arguments folder
        svg |> Option.iter (fun path -> File.WriteAllText(path, Chart.draw chart))

        html
        |> Option.iter (fun path -> File.WriteAllText(path, ChartPage.draw history chart))

        let output = invocation.Output

        if output.Json then
            output |> Output.json (json folder history svg html)
        else
            output |> Output.lines (table folder history)

            for path in Option.toList svg @ Option.toList html do
                output |> Output.note $"drawn in {Shown.Text path}"
