namespace A3.Cli

open System
open Spectre.Console
open Spectre.Console.Rendering

/// How far something is, as one line of a terminal: a bar where there is room for one, and the numbers behind it, cut to the width.
[<Sealed>]
type private BarLine(part: float, numbers: string) =

    static let widest, narrowest = 40, 8

    let colour = Colour.ofStep 100 (99.0 * (1.0 - part) |> int)

    let bar columns =
        let filled = part * float columns |> int

        [
            if filled > 0 then
                Segment(String('━', filled), Table.coloured colour)
            if filled < columns then
                Segment(String('─', columns - filled), Table.dim)
            Segment "  "
        ]

    interface IRenderable with
        member _.Measure(_, width) = Measurement(1, width)

        member _.Render(_, width) =
            // The last column stays free: a letter there moves some terminals to the next line.
            let width = width - 1
            let text = Segment numbers
            let room = width - text.CellCount() - 2 |> min widest

            Segment.Truncate((if room < narrowest then [] else bar room) @ [ text ], max 1 width)

/// Lines that take the place of a bar, of which nothing stays beside them: the bar is drawn anew below.
[<Sealed>]
type private LinesAbove(text: string, style: Style) =

    static let eraseBelow = Segment.Control "\u001b[0J"

    let lines = Text(text + "\n", style) :> IRenderable

    interface IRenderable with
        member _.Measure(options, width) = lines.Measure(options, width)

        member _.Render(options, width) =
            Seq.append [ eraseBelow ] (lines.Render(options, width))

/// A bar that is drawn anew in its place, with lines above it.
[<Sealed>]
type Bar internal (screen: IAnsiConsole, context: LiveDisplayContext) =

    /// Shows a part of the whole, from 0 to 1, and the numbers behind it.
    member _.Show(part, numbers) =
        context.UpdateTarget(BarLine(part |> max 0.0 |> min 1.0, numbers))

    /// Writes a line above the bar.
    member _.Above(text: string, style: Style) = screen.Write(LinesAbove(text, style))

[<RequireQualifiedAccess>]
module Bar =

    let private during stays (screen: IAnsiConsole) (work: Bar -> 'result) =
        let display = screen.Live(Text.Empty)
        display.AutoClear <- not stays
        display.Start<'result>(Func<_, _>(fun context -> work (Bar(screen, context))))

    /// Does work with a bar whose last state stays.
    let stays screen work = during true screen work

    /// Does work with a bar that is erased at the end.
    let passes screen work = during false screen work
