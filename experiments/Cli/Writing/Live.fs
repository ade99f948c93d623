namespace A3.Cli

open System
open System.Threading
open Spectre.Console
open A3

/// A text filling up before one's eyes: redrawn in place after every step, open positions as dots.
[<RequireQualifiedAccess>]
module Live =

    /// A step is shown at least this long, and all of them not much longer than that.
    let private shortest = TimeSpan.FromMilliseconds 40.0
    let private longestAltogether = TimeSpan.FromSeconds 2.5

    /// One position of the text: given, filled at a step, or still open.
    [<RequireQualifiedAccess>]
    type private Place =
        | Given of text: string
        | Filled of text: string * step: int
        | Open

    let private shown (text: string) =
        (Ink.visible text).Replace("\t", "    ")

    /// What the step `changing` drew anew stands on a coloured ground.
    let private append (frame: Paragraph) steps changing place =
        match place with
        | Place.Given text -> frame.Append text
        | Place.Filled(text, step) when changing = Some step ->
            frame.Append(text, Style(Color.Black, Colour.shown (Colour.ofStep steps step)))
        | Place.Filled(text, step) -> frame.Append(text, Table.strong (Colour.ofStep steps step))
        | Place.Open -> frame.Append(" ·", Table.dim)
        |> ignore

    let private draw steps changing places =
        let frame = Paragraph()

        for place in places do
            append frame steps changing place

        frame

    let private initial (tokenizer: ITokenizer) (run: DecodingRun) =
        let stream = TextStream(tokenizer, false)

        [|
            for token in run.GivenTokens do
                if token.HasValue then
                    Place.Given(shown (stream.Push token.Value))
                else
                    Place.Open
        |]

    /// How many steps a run will take, as far as one can tell from those so far.
    let private expected openCount committed step =
        float openCount * float (step + 1) / float (max 1 committed) |> ceil |> int

    /// Takes a step into the places.
    let private fill (tokenizer: ITokenizer) (places: Place[]) (step: DecodingStep) =
        for token in step.Tokens do
            let text = tokenizer.DecodeContinuation(ReadOnlySpan [| token.Token |])
            places[token.Position] <- Place.Filled(shown text, step.Step)

    /// Draws the steps as they come and gives them all; the drawing is erased at the end, for the finished text to take its place.
    let watch (output: Output) tokenizer (options: DecodingOptions) run (steps: DecodingStep seq) =
        let places = initial tokenizer run
        let openCount = places |> Seq.filter _.IsOpen |> Seq.length

        let sweeps =
            match options.Revision with
            | null -> 0
            | revision -> revision.Sweeps

        let pause =
            min shortest (longestAltogether / float (max 1 (openCount * (1 + sweeps))))

        let mutable committed = 0

        let frameOf (step: DecodingStep) =
            let changing = if step.Sweep.HasValue then Some step.Step else None

            if changing.IsNone then
                committed <- committed + step.Tokens.Length

            fill tokenizer places step
            draw (expected openCount committed step.Step) changing places

        let show (context: LiveDisplayContext) =
            context.Refresh()

            [|
                for step in steps do
                    context.UpdateTarget(frameOf step)
                    Thread.Sleep pause
                    step
            |]

        let display = (Output.screen output).Live(draw 1 None places)
        display.AutoClear <- true
        display.Overflow <- VerticalOverflow.Crop
        display.Start<DecodingStep[]>(Func<_, _> show)
