namespace A3.Cli

open System.IO
open Argu
open A3

/// What the command line of `a3 plot` says.
type PlotCommand =
    {
        Run: string option
        Svg: string option
        Html: string option
    }

[<RequireQualifiedAccess>]
module PlotCommand =

    let settings: Setting<PlotCommand> list =
        [
            Setting.create "run" Form.Text "the directory of a run, as a3 train wrote it." (fun given command ->
                { command with Run = Some given.Text })
            Setting.create
                "svg"
                Form.Text
                "the file of the picture (default, without --html: plot.svg in the run)."
                (fun given command -> { command with Svg = Some given.Text })
            Setting.create
                "html"
                Form.Text
                "the file of the page (default, without --svg: plot.html in the run)."
                (fun given command -> { command with Html = Some given.Text })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type PlotArguments =
    | [<MainCommand; Unique>] Run of DIR: string
    | [<Unique>] Svg of FILE: string
    | [<Unique>] Html of FILE: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help PlotCommand.settings argument

/// `a3 plot`: draws how a run learned.
[<RequireQualifiedAccess>]
module Plot =

    let example = "a3 plot runs/mine"

    /// Where picture and page go.
    let private targets command folder =
        match command.Svg, command.Html with
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
        let row (name: string, points) =
            let losses = points |> Array.map snd

            name
            :: ([ losses[0]; Array.last losses; Array.min losses ]
                |> List.map (Number.text "0.000"))

        [
            $"{Shown.Text folder}: {Number.grouped history.Steps} steps, {Number.grouped (int64 history.Tokens)} tokens"
            yield!
                [ "nats per token"; "first"; "last"; "lowest" ]
                :: List.map row (measures history)
                |> Table.lines [ Side.Left; Side.Right; Side.Right; Side.Right ]
        ]

    let run (invocation: Invocation) (arguments: ParseResults<PlotArguments>) =
        let output = invocation.Output

        let command =
            Settings.bind output PlotCommand.settings arguments { Run = None; Svg = None; Html = None }

        let folder =
            match Words.single command.Run with
            | Some folder -> ModelFolder.find (Some folder)
            | None -> raise (UsageException $"plot needs the directory of a run: {example}")

        let history = RunHistory.read folder

        let name =
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))

        let chart = Chart.ofHistory $"how {name} learned" history
        let svg, html = targets command folder

        for option, path in [ "--svg", svg; "--html", html ] do
            path |> Option.iter (Picture.requireFree option)

        svg
        |> Option.iter (fun path -> Picture.save output "--svg" path (fun () -> Chart.draw chart))

        html
        |> Option.iter (fun path -> Picture.save output "--html" path (fun () -> ChartPage.draw history chart))

        if output.Json then
            output |> Output.json (json folder history svg html)
        else
            output |> Output.lines (table folder history)
