namespace A3.Cli

open System
open System.Threading
open A3

/// A text filling up before one's eyes: redrawn in place after every step, open positions as dots.
[<RequireQualifiedAccess>]
module Live =

    /// A step is shown at least this long, and all of them not much longer than that.
    let private shortest = TimeSpan.FromMilliseconds 40.0
    let private longestAltogether = TimeSpan.FromSeconds 2.5

    /// One position of the text: given, filled at a step, or still open.
    [<RequireQualifiedAccess>]
    type Place =
        | Given of text: string
        | Filled of text: string * step: int
        | Open

    /// Lines that a text takes when it is broken at every `width` letters.
    let height width (text: string) =
        text.Split '\n'
        |> Seq.sumBy (fun line -> max 1 ((line.Length + width - 1) / width))

    let private letters place =
        match place with
        | Place.Given text
        | Place.Filled(text, _) -> text
        | Place.Open -> " ·"

    /// What the step `changing` drew anew stands on a coloured ground.
    let private draw ink steps changing place =
        match place with
        | Place.Given text -> text
        | Place.Filled(text, step) when changing = Some step -> Ink.ground (Colour.ofStep steps step) text ink
        | Place.Filled(text, step) -> Ink.strong (Colour.ofStep steps step) text ink
        | Place.Open -> Ink.dim " ·" ink

    let private plain places =
        places |> Seq.map letters |> String.Concat

    let private up lines =
        if lines > 1 then $"\u001b[{lines - 1}A" else ""

    let private erase width previous =
        "\r" + up (height width previous) + "\u001b[J"

    let private hideCursor = "\u001b[?25l"
    let private showCursor = "\u001b[?25h"

    let private initial (tokenizer: ITokenizer) (run: DecodingRun) =
        let stream = TextStream(tokenizer, false)

        [|
            for token in run.GivenTokens do
                if token.HasValue then
                    Place.Given(stream.Push token.Value)
                else
                    Place.Open
        |]

    /// Whether the text can be redrawn: no taller than the terminal.
    let private fits (output: Output) places =
        height output.Width (plain places) < output.Height

    /// How many steps a run will take, as far as one can tell from those so far.
    let private expected openCount committed step =
        float openCount * float (step + 1) / float (max 1 committed) |> ceil |> int

    /// Passes the steps on while it draws them; erases the drawing at the end, for the finished text to take its place.
    /// After filling follow so many sweeps of revision at most.
    let watch (output: Output) (tokenizer: ITokenizer) sweeps (run: DecodingRun) (steps: DecodingStep seq) =
        let places = initial tokenizer run
        let openCount = places |> Seq.filter _.IsOpen |> Seq.length

        let pause =
            min shortest (longestAltogether / float (max 1 (openCount * (1 + sweeps))))

        let mutable committed = 0

        let show (step: DecodingStep) =
            let before = plain places
            let changing = if step.Sweep.HasValue then Some step.Step else None

            if changing.IsNone then
                committed <- committed + step.Tokens.Length

            for token in step.Tokens do
                let text =
                    Ink.visible (tokenizer.DecodeContinuation(ReadOnlySpan [| token.Token |]))

                places[token.Position] <- Place.Filled(text, step.Step)

            let total = expected openCount committed step.Step

            let frame = places |> Seq.map (draw output.Ink total changing) |> String.Concat

            output.Out.Write(erase output.Width before + frame)
            Thread.Sleep pause

        seq {
            if fits output places then
                try
                    output.Out.Write(hideCursor + (places |> Seq.map (draw output.Ink 1 None) |> String.Concat))

                    for step in steps do
                        show step
                        step
                finally
                    output.Out.Write(erase output.Width (plain places) + showCursor)
            else
                yield! steps
        }
