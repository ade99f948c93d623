namespace A3.Cli

open Argu
open A3
open A3.Model

/// Arguments of `a3 score`.
[<RequireQualifiedAccess>]
type ScoreArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Orders of COUNT: string
    | [<Unique>] Alternatives of TEXT: string list
    | [<Unique; CustomCommandLine("--alternatives-file")>] AlternativesFile of PATH: string
    | [<Unique>] Causal
    | [<Unique>] End
    | [<Unique>] Plain
    | [<Unique>] Batch of FILE: string
    | [<Unique>] Output of FILE: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Text _ ->
                "the text; of one with [[parts]] only these are scored, given the rest; \\[ \\] \\{ \\_ \\\\ are these characters themselves; - reads standard input."
            | File _ -> "read the text from a file."
            | Orders _ ->
                $"score under this many random orders, {Limits.orders.Range}, with seeds that count up from --seed: the bound on the probability that they give together, their mean and spread."
            | Alternatives _ ->
                "rank these texts for the gap of the text, ___, by their probability given both sides; for several gaps a text for each, one after the other. A text is what stands between the given parts, without their spaces."
            | AlternativesFile _ -> "the same, one a line of a file, with a tab between the texts of several gaps."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does; a checkpoint without query stream always does."
            | End -> "score the end of the text too, as generate counts it."
            | Batch _ ->
                "one JSON object a line in and out: one of text, template with [[parts]], parts such as [\"Tom had a \", {\"score\": \"red\"}, \" ball.\"], or tokens (with partition and borders as infill writes them); with alternatives a template or parts with gaps; grouping, causal, end; - reads standard input."
            | Output _ -> "where results of a batch go; the rows that are there already are not done again."
            | Plain -> "score the text as it is: nothing in it is a mark or an escape."

/// `a3 score`: how probable a text is.
[<RequireQualifiedAccess>]
module Score =

    let example =
        "a3 score \"Tom had a red ball. [[He was very happy.]]\" --grouping \"bisect | singletons\""

    let private grouping (invocation: Invocation) =
        match invocation.Grouping with
        | Some text -> Options.grouping invocation.Output "--grouping" text
        | None -> Grouping.singletons Order.LeftToRight

    /// The text with its marks, or as it is.
    let private read isPlain text =
        if isPlain then
            MarkedText.Plain text
        else
            MarkedText.Parse text

    let private score (invocation: Invocation) causal countEnd (model: A3Model) (text: MarkedText) =
        if causal || not model.Architecture.HasQueryStream then
            if text.HasTargets || invocation.Grouping.IsSome then
                raise (
                    MisuseException
                        "[[parts]] and --grouping need the query stream of an A3 checkpoint; without it, score the whole text."
                )

            model.ScoreCausal(text.Text, countEnd, invocation.Cancellation)
        else
            model.Score(text, A3.Grouping(grouping invocation), countEnd, invocation.Cancellation)

    let private refuse (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        let ranks =
            arguments.Contains ScoreArguments.Alternatives
            || arguments.Contains ScoreArguments.AlternativesFile

        let orders = arguments.Contains ScoreArguments.Orders
        let causal = arguments.Contains ScoreArguments.Causal

        let rules =
            [
                orders && ranks, "--orders and --alternatives; give one of the two."
                orders && invocation.Grouping.IsSome,
                "--orders and --grouping: the orders are random, one position at a time; give one of the two."
                orders && causal, "--orders and --causal: the content stream has one order; leave one of the two out."
                ranks && arguments.Contains ScoreArguments.Plain,
                "--alternatives and --plain: alternatives are ranked for gaps, which a plain text does not have."
                ranks && arguments.Contains ScoreArguments.End,
                "--alternatives and --end: alternatives are ranked by what stands in the gaps; leave one of the two out."
                orders && arguments.Contains ScoreArguments.End,
                "--orders and --end: orders are compared on the text; leave one of the two out."
                ranks && causal,
                "--alternatives and --causal: the content stream sees nothing behind a gap; leave one of the two out."
            ]

        for isBroken, rule in rules do
            if isBroken then
                raise (MisuseException rule)

    let private runText (invocation: Invocation) causal countEnd text =
        let grouping = grouping invocation
        use model = Decoding.load invocation
        let score = score invocation causal countEnd model text
        let tokens = ScoredText.tokens model.Tokenizer score
        let output = invocation.Output

        if output.Json then
            output
            |> Output.json (ScoredText.json (Grouping.print grouping) model.Tokenizer.TokenText score)
        elif output.Ink = Ink.Plain then
            output
            |> Output.lines (
                ScoredText.table tokens
                @ [ "" ]
                @ ScoredText.totals model.Tokenizer.TokenText score
            )
        else
            output |> Output.line (ScoredText.heat output.Ink tokens)
            output |> Output.line ""
            output |> Output.lines (ScoredText.totals model.Tokenizer.TokenText score)

    /// Options that say nothing beside a batch, or without one.
    let private refuseBeside (arguments: ParseResults<ScoreArguments>) isBatch =
        let rules =
            [
                not isBatch && arguments.Contains ScoreArguments.Output, "--output needs --batch FILE."
                isBatch && arguments.Contains ScoreArguments.Text, "a text and --batch; give one of the two."
                isBatch && arguments.Contains ScoreArguments.File, "--file and --batch; give one of the two."
                isBatch && arguments.Contains ScoreArguments.Plain,
                "--plain and --batch; in rows the field 'text' is plain."
                isBatch && arguments.Contains ScoreArguments.Orders,
                "--orders and --batch; score one text under many orders."
                isBatch
                && (arguments.Contains ScoreArguments.Alternatives
                    || arguments.Contains ScoreArguments.AlternativesFile),
                "--alternatives and --batch; give rows a field 'alternatives'."
            ]

        for isBroken, rule in rules do
            if isBroken then
                raise (MisuseException rule)

    let private runBatch (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) input =
        let usual =
            {
                Given = []
                Alternatives = []
                Grouping = invocation.Grouping
                Partition = None
                Borders = []
                Causal = arguments.Contains ScoreArguments.Causal
                End = arguments.Contains ScoreArguments.End
            }

        let files =
            {
                Input = input
                Output = arguments.TryGetResult ScoreArguments.Output
                Together = 1
            }

        ScoreBatch.run invocation usual files

    let private runOne (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        let text =
            match
                GivenText.read
                    invocation.Cancellation
                    (arguments.GetResult(ScoreArguments.Text, []))
                    (arguments.TryGetResult ScoreArguments.File)
            with
            | Some given -> given.Text
            | None -> raise (MisuseException $"score needs a text: {example}")

        let given = arguments.TryGetResult ScoreArguments.Alternatives
        let file = arguments.TryGetResult ScoreArguments.AlternativesFile
        let isPlain = arguments.Contains ScoreArguments.Plain

        match arguments.TryGetResult ScoreArguments.Orders with
        | Some count -> OrderScores.run invocation count (read isPlain text)
        | None when given.IsSome || file.IsSome ->
            Alternatives.run invocation (grouping invocation) (defaultArg given []) file text
        | None ->
            read isPlain text
            |> runText invocation (arguments.Contains ScoreArguments.Causal) (arguments.Contains ScoreArguments.End)

    let run (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        refuse invocation arguments
        let batch = arguments.TryGetResult ScoreArguments.Batch
        refuseBeside arguments batch.IsSome

        match batch with
        | Some input -> runBatch invocation arguments input
        | None -> runOne invocation arguments
