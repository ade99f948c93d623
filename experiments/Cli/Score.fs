namespace A3.Cli

open Argu
open A3.Model
open A3.Runtime

/// Arguments of `a3 score`.
[<RequireQualifiedAccess>]
type ScoreArguments =
    | [<MainCommand>] Text of TEXT: string list
    | [<Unique>] File of PATH: string
    | [<Unique>] Orders of COUNT: string
    | [<Unique>] Alternatives of TEXT: string list
    | [<Unique; CustomCommandLine("--alternatives-file")>] AlternativesFile of PATH: string
    | [<Unique>] Causal

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Text _ -> "the text; of one with [[parts]] only these are scored, given the rest; - reads standard input."
            | File _ -> "read the text from a file."
            | Orders _ ->
                $"score under this many random orders, {Limits.orders.Range}, with seeds that count up from --seed: the bound on the probability that they give together, their mean and spread."
            | Alternatives _ ->
                "rank these texts for the only gap of the text, ___; a space before the gap is the beginning of each."
            | AlternativesFile _ -> "the same, one a line of a file."
            | Causal ->
                "use the content stream, as an ordinary LLaMA does; a checkpoint without query stream always does."

/// `a3 score`: how probable a text is.
[<RequireQualifiedAccess>]
module Score =

    let example =
        "a3 score \"Tom had a red ball. [[He was very happy.]]\" --grouping \"bisect | singletons\""

    let private grouping (invocation: Invocation) =
        match invocation.Grouping with
        | Some text -> Options.specification "--grouping" Grouping.parse text
        | None -> Grouping.singletons Order.LeftToRight

    let private score (invocation: Invocation) causal (model: A3Model) text =
        let pieces = MarkedText.pieces text

        if causal || not model.Architecture.HasQueryStream then
            if List.exists snd pieces || invocation.Grouping.IsSome then
                raise (
                    MisuseException
                        "[[parts]] and --grouping need the query stream of an A3 checkpoint; without it, score the whole text."
                )

            let tokens = model.EncodeCausal text

            if tokens.Length < 2 then
                raise (
                    MisuseException
                        $"{tokens.Length} tokens, of which the first is given: there is nothing to score; give a longer text."
                )

            tokens, model.ScoreCausal(text, invocation.Cancellation)
        else
            let tokens, marked = MarkedText.encode model pieces

            tokens,
            model.Score(tokens, MarkedText.partition model (grouping invocation) tokens marked, invocation.Cancellation)

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
                ranks && causal,
                "--alternatives and --causal: the content stream sees nothing behind a gap; leave one of the two out."
            ]

        for isBroken, rule in rules do
            if isBroken then
                raise (MisuseException rule)

    let private runText (invocation: Invocation) causal text =
        let grouping = grouping invocation
        use model = Decoding.load invocation
        let ids, score = score invocation causal model text
        let tokens = ScoredText.tokens model.Tokenizer ids score
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

    let run (invocation: Invocation) (arguments: ParseResults<ScoreArguments>) =
        refuse invocation arguments

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

        match arguments.TryGetResult ScoreArguments.Orders with
        | Some count -> OrderScores.run invocation count text
        | None when given.IsSome || file.IsSome ->
            let alternatives =
                Alternatives.read invocation.Cancellation (defaultArg given []) file

            Alternatives.run invocation (grouping invocation) alternatives text
        | None -> runText invocation (arguments.Contains ScoreArguments.Causal) text
