namespace A3.Cli

open Argu
open A3
open A3.Model

/// What the command line of `a3 score` says.
type ScoreCommand =
    {
        Text: string list
        File: string option
        Wish: ScoreWish
        Orders: int option
        Alternatives: string list option
        AlternativesFile: string option
        Plain: bool
        Batch: string option
        Output: string option
    }

    /// Whether alternatives are ranked.
    member command.Ranks = command.Alternatives.IsSome || command.AlternativesFile.IsSome

[<RequireQualifiedAccess>]
module ScoreCommand =

    let usual =
        {
            Text = []
            File = None
            Wish = ScoreWish.usual
            Orders = None
            Alternatives = None
            AlternativesFile = None
            Plain = false
            Batch = None
            Output = None
        }

    let settings: Setting<ScoreCommand> list =
        [
            Setting.create
                "text"
                Form.Texts
                "the text; of one with [[parts]] only these are scored, given the rest; \\[ \\] \\{ \\_ \\\\ are these characters themselves; - reads standard input."
                (fun given command -> { command with Text = given.Texts })
            Setting.create "file" Form.Text "read the text from a file, in UTF-8." (fun given command ->
                { command with File = Some given.Text })
            Setting.create
                "orders"
                Form.Number
                $"random orders to score under, {Limits.orders.Range}, with seeds that count up from --seed: the bound on the probability that they give together, their mean and spread in nats."
                (fun given command ->
                    { command with
                        Orders = Some(Limit.read given.Name Limits.orders given.Text)
                    })
            Setting.create
                "alternatives"
                Form.Texts
                "rank these texts for the gap of the text, ___, by their probability given both sides; for several gaps a text for each, one after the other. A text is what stands between the given parts, without their spaces."
                (fun given command ->
                    { command with
                        Alternatives = Some given.Texts
                    })
            Setting.create
                "alternatives-file"
                Form.Text
                "the same, one a line of a file, with a tab between the texts of several gaps."
                (fun given command ->
                    { command with
                        AlternativesFile = Some given.Text
                    })
            yield!
                ScoreWish.options
                |> Setting.within _.Wish (fun wish (command: ScoreCommand) -> { command with Wish = wish })
            Setting.create
                "plain"
                Form.Flag
                "score the text as it is: nothing in it is a bracket, a gap or an escape."
                (fun given command -> { command with Plain = given.IsSet })
            Setting.create
                "batch"
                Form.Text
                "a file of one JSON object a line, with a result a line: one of text, template with [[parts]], parts such as [\"Tom had a \", {\"score\": \"red\"}, \" ball.\"], or tokens (with partition and borders as infill writes them); with alternatives a template or parts with gaps; grouping, causal, end; - reads standard input."
                (fun given command -> { command with Batch = Some given.Text })
            Setting.create
                "output"
                Form.Text
                "the file where results of a batch go; the rows that are there already are not done again."
                (fun given command ->
                    { command with
                        Output = Some given.Text
                    })
        ]

/// The same as Argu reads it.
[<RequireQualifiedAccess>]
type ScoreArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Orders of COUNT: string
    | [<Unique>] Alternatives of TEXT: string list
    | [<Unique>] Alternatives_File of PATH: string
    | [<Unique>] Causal
    | [<Unique>] End
    | [<Unique>] Plain
    | [<Unique>] Batch of FILE: string
    | [<Unique>] Output of FILE: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help ScoreCommand.settings argument

/// `a3 score`: how probable a text is.
[<RequireQualifiedAccess>]
module Score =

    let example =
        "a3 score \"Tom had a red ball. [[He was very happy.]]\" --grouping \"bisect | singletons\""

    let private grouping invocation =
        Invocation.grouping invocation
        |> Option.defaultValue (Grouping.singletons Order.LeftToRight)

    /// Options that cannot be meant together, or say nothing beside a batch or without one.
    let private check (invocation: Invocation) (command: ScoreCommand) =
        let orders, ranks, isBatch =
            command.Orders.IsSome, command.Ranks, command.Batch.IsSome

        Rules.check
            [
                orders && ranks, "--orders and --alternatives; give one of the two."
                orders && invocation.Grouping.IsSome,
                "--orders and --grouping: the orders are random, one position at a time; give one of the two."
                orders && command.Wish.Causal,
                "--orders and --causal: the content stream has one order; leave one of the two out."
                ranks && command.Plain,
                "--alternatives and --plain: alternatives are ranked for gaps, which a plain text does not have."
                ranks && command.Wish.End,
                "--alternatives and --end: alternatives are ranked by what stands in the gaps; leave one of the two out."
                orders && command.Wish.End,
                "--orders and --end: orders are compared on the text; leave one of the two out."
                ranks && command.Wish.Causal,
                "--alternatives and --causal: the content stream sees nothing behind a gap; leave one of the two out."
                not isBatch && command.Output.IsSome, "--output needs --batch FILE."
                isBatch && not command.Text.IsEmpty, "a text and --batch; give one of the two."
                isBatch && command.File.IsSome, "--file and --batch; give one of the two."
                isBatch && command.Plain, "--plain and --batch; in rows the field 'text' is plain."
                isBatch && orders, "--orders and --batch; score one text under many orders."
                isBatch && ranks, "--alternatives and --batch; give rows a field 'alternatives'."
            ]

    let private score (invocation: Invocation) (wish: ScoreWish) (model: A3Model) grouping (text: MarkedText) =
        if wish.Causal || not model.Architecture.HasQueryStream then
            if text.HasTargets || invocation.Grouping.IsSome then
                raise (
                    UsageException
                        "[[parts]] and --grouping need the query stream of an A3 checkpoint; without it, score the whole text."
                )

            model.ScoreCausal(text.Text, wish.End, invocation.Cancellation)
        else
            model.Score(text, TextForms.door grouping, wish.End, invocation.Cancellation)

    let private runText (invocation: Invocation) wish text =
        let grouping = grouping invocation
        use model = Decoding.load invocation
        let name = model.Tokenizer.TokenText
        let score = score invocation wish model grouping text
        let tokens = ScoredText.tokens model.Tokenizer score
        let output = invocation.Output

        if output.Json then
            output |> Output.json (ScoredText.json (Grouping.print grouping) name score)
        else
            output
            |> Output.lines
                [
                    if output.Ink = Ink.Plain then
                        yield! ScoredText.table tokens
                    else
                        ScoredText.heat output.Ink tokens
                    ""
                    yield! ScoredText.totals name score
                ]

    let private runOne (invocation: Invocation) (command: ScoreCommand) =
        let text =
            match GivenText.read invocation.Cancellation command.Text command.File with
            | Some given -> given.Text
            | None -> raise (UsageException $"score needs a text: {example}")

        let marked () =
            if command.Plain then
                MarkedText.Plain text
            else
                MarkedText.Parse text

        match command.Orders with
        | Some count -> OrderScores.run invocation count (marked ())
        | None when command.Ranks ->
            Alternatives.run
                invocation
                (grouping invocation)
                (defaultArg command.Alternatives [])
                command.AlternativesFile
                text
        | None -> runText invocation command.Wish (marked ())

    let run (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        let command =
            Settings.bind invocation.Output ScoreCommand.settings arguments ScoreCommand.usual

        check invocation command

        match command.Batch with
        | Some input ->
            ScoreBatch.run
                invocation
                { command.Wish with
                    Grouping = invocation.Grouping
                }
                {
                    Input = input
                    Output = command.Output
                    Together = 1
                }
        | None -> runOne invocation command
