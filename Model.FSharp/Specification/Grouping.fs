namespace A3.Model

open FParsec

/// How an arranged run of positions is cut into groups.
[<RequireQualifiedAccess>]
type Cut =
    /// One position per group.
    | Singletons
    /// Consecutive steps of the order, as many per group as the schedule says.
    | Sized of SizeSchedule
    /// One word per group; the order arranges words. Where the layout knows no words every position is one.
    | Words
    /// One sentence per group; the order arranges sentences. Where the layout knows no sentences every position is one.
    | Sentences
    /// One interval of the sequence per group, and each position outside them by itself; the order arranges these spans.
    | Spans of Interval list
    /// Everything in one group.
    | AllAtOnce

/// A recipe that yields a partition for a sequence of any shape. Orders speak of the open positions, counted from 0 in
/// ascending order; intervals of `Given` and `Spans` speak of the sequence's own positions.
[<RequireQualifiedAccess>]
type Grouping =
    /// An order cut into groups.
    | Cut of Order * Cut
    /// These positions are given, as one group after the evidence of the layout, wherever in the recipe this stands.
    | Given of Interval list * Grouping
    /// The groups of the positions that the orders of `first` name, then `rest` over the positions still open.
    | Then of first: Grouping * rest: Grouping
    /// A group of the left one, a group of the right one, and so on; each position where it comes first.
    | Interleave of left: Grouping * right: Grouping
    /// Every `factor` consecutive groups as one.
    | Coarsen of factor: int * Grouping
    /// Every group split by `within` over its own positions.
    | Refine of within: Grouping * Grouping

/// Law 2: every grouping resolves to a valid partition whose first groups are exactly the evidence. `Refine(_, g)` refines
/// g, and g refines `Coarsen(_, g)`.
[<RequireQualifiedAccess>]
module Grouping =

    /// One position per group.
    let singletons order = Grouping.Cut(order, Cut.Singletons)

    /// Groups of one size; the last may be smaller.
    let chunks size order =
        Grouping.Cut(order, Cut.Sized(SizeSchedule.Constant size))

    /// Groups of the listed sizes, the last size again and again.
    let sizes sizes order =
        Grouping.Cut(order, Cut.Sized(SizeSchedule.Explicit sizes))

    let private spansOf intervals positions =
        let interval = Interval.firstHolding intervals positions

        positions
        |> Array.groupBy (fun position -> interval position |> Option.defaultValue (-1 - position))
        |> Array.map snd

    let private alternate (left: int[][]) (right: int[][]) =
        [|
            for index in 0 .. max left.Length right.Length - 1 do
                if index < left.Length then
                    left[index]

                if index < right.Length then
                    right[index]
        |]

    /// Groups of the positions; `steps` says how many of them an order speaks of, `Order.steps` or `Order.names`.
    let rec private arrange steps layout positions grouping : int[][] =
        match grouping with
        | Grouping.Cut(order, cut) ->
            let inOrder (items: 'item[]) =
                (steps items.Length order: int[]) |> Array.map (fun step -> items[step])

            match cut with
            | Cut.Singletons -> inOrder positions |> Array.map Array.singleton
            | Cut.Sized schedule -> inOrder positions |> SizeSchedule.split schedule
            | Cut.Words -> SequenceLayout.spans layout.WordStarts positions |> inOrder
            | Cut.Sentences -> SequenceLayout.spans layout.SentenceStarts positions |> inOrder
            | Cut.Spans intervals -> spansOf intervals positions |> inOrder
            | Cut.AllAtOnce -> SequenceLayout.distinct [| inOrder positions |]
        | Grouping.Given(_, inner) -> arrange steps layout positions inner
        | Grouping.Then(first, rest) ->
            let leading = arrange Order.names layout positions first
            let others = positions |> Array.except (Seq.concat leading)
            Array.append leading (arrange steps layout others rest)
        | Grouping.Interleave(left, right) ->
            alternate (arrange steps layout positions left) (arrange steps layout positions right)
            |> SequenceLayout.distinct
        | Grouping.Coarsen(factor, inner) ->
            arrange steps layout positions inner
            |> Array.chunkBySize (max 1 factor)
            |> Array.map Array.concat
        | Grouping.Refine(within, inner) ->
            arrange steps layout positions inner
            |> Array.collect (fun group -> arrange Order.steps layout (Array.sort group) within)

    /// The groups of intervals that a grouping gives, outermost first.
    let rec private given grouping =
        match grouping with
        | Grouping.Cut _ -> []
        | Grouping.Given(intervals, inner) -> intervals :: given inner
        | Grouping.Then(left, right)
        | Grouping.Interleave(left, right)
        | Grouping.Refine(right, left) -> given left @ given right
        | Grouping.Coarsen(_, inner) -> given inner

    /// Whether a grouping names evidence of its own.
    let givesEvidence grouping = not (List.isEmpty (given grouping))

    /// What of a text a grouping must know to have its effect: its words, its sentences; without them every position is one.
    let rec needs grouping =
        match grouping with
        | Grouping.Cut(_, Cut.Words) -> [ "words" ]
        | Grouping.Cut(_, Cut.Sentences) -> [ "sentences" ]
        | Grouping.Cut _ -> []
        | Grouping.Given(_, inner)
        | Grouping.Coarsen(_, inner) -> needs inner
        | Grouping.Then(left, right)
        | Grouping.Interleave(left, right)
        | Grouping.Refine(right, left) -> needs left @ needs right |> List.distinct

    /// The largest group that a grouping asks for by number.
    let rec largest grouping =
        match grouping with
        | Grouping.Cut(_, Cut.Sized schedule) -> int64 (SizeSchedule.largest schedule)
        | Grouping.Cut _ -> 1L
        | Grouping.Given(_, inner) -> largest inner
        | Grouping.Then(left, right)
        | Grouping.Interleave(left, right)
        | Grouping.Refine(left, right) -> max (largest left) (largest right)
        | Grouping.Coarsen(factor, inner) -> min (int64 factor * largest inner) (int64 System.Int32.MaxValue)

    /// The meaning of a grouping for one shape: the evidence of the layout, that of the grouping, then the open positions
    /// as the grouping arranges them.
    let resolve layout grouping =
        let layout =
            (layout, given grouping)
            ||> List.fold (fun layout intervals ->
                layout
                |> SequenceLayout.given (Seq.collect (Interval.positions layout.Length) intervals))

        let evidence = SequenceLayout.evidence layout

        arrange Order.steps layout (SequenceLayout.openPositions layout) grouping
        |> Array.append evidence
        |> Partition.create evidence.Length

    /// The same grouping with every `Random` inside redrawn; equal seeds stay equal.
    let rec reseed seed grouping =
        match grouping with
        | Grouping.Cut(order, cut) -> Grouping.Cut(Order.reseed seed order, cut)
        | Grouping.Given(intervals, inner) -> Grouping.Given(intervals, reseed seed inner)
        | Grouping.Then(first, rest) -> Grouping.Then(reseed seed first, reseed seed rest)
        | Grouping.Interleave(left, right) -> Grouping.Interleave(reseed seed left, reseed seed right)
        | Grouping.Coarsen(factor, inner) -> Grouping.Coarsen(factor, reseed seed inner)
        | Grouping.Refine(within, inner) -> Grouping.Refine(reseed seed within, reseed seed inner)

    let internal printRegions name intervals =
        Syntax.words (name :: List.map Interval.print intervals)

    let internal printCut cut =
        match cut with
        | Cut.Singletons -> "singletons"
        | Cut.Sized schedule -> SizeSchedule.print schedule
        | Cut.Words -> "words"
        | Cut.Sentences -> "sentences"
        | Cut.Spans intervals -> printRegions "spans" intervals
        | Cut.AllAtOnce -> "all-at-once"

    /// Text form: a pipeline from the order on: `random 7 | chunks 4`, `bisect | words | coarsen 2`,
    /// `within 0..9 bisect | singletons | then (random | chunks 4)`, `left-to-right | interleave (right-to-left)`,
    /// `all-at-once | refine (random 7 | chunks 2)`, `given 0..3 8 | random 7 | chunks 4`. An order alone means singletons, a
    /// cut alone left to right.
    let rec print grouping =
        match grouping with
        | Grouping.Given(intervals, inner) -> $"""{printRegions "given" intervals} | {print inner}"""
        | Grouping.Cut _
        | Grouping.Then _
        | Grouping.Interleave _
        | Grouping.Coarsen _
        | Grouping.Refine _ -> pipeline grouping

    and private pipeline grouping =
        match grouping with
        | Grouping.Cut(order, cut) -> $"{Order.print order} | {printCut cut}"
        | Grouping.Given(intervals, inner) -> $"""{pipeline inner} | {printRegions "given" intervals}"""
        | Grouping.Then(first, rest) -> $"{pipeline first} | then ({print rest})"
        | Grouping.Interleave(left, right) -> $"{pipeline left} | interleave ({print right})"
        | Grouping.Coarsen(factor, inner) -> $"{pipeline inner} | coarsen {string factor}"
        | Grouping.Refine(within, inner) -> $"{pipeline inner} | refine ({print within})"

    let private cutParser =
        let sized =
            SizeSchedule.words
            |> List.map (fun (word, schedule) -> word, schedule |>> Cut.Sized)

        Syntax.oneOf
            "a cut"
            [
                "singletons", preturn Cut.Singletons
                yield! sized
                "words", preturn Cut.Words
                "sentences", preturn Cut.Sentences
                "spans", many Interval.parser |>> Cut.Spans
                "all-at-once", preturn Cut.AllAtOnce
            ]

    let private givens =
        many Interval.parser |>> fun intervals inner -> Grouping.Given(intervals, inner)

    let internal parser, private parserReference = createParserForwardedToRef ()

    let private stage =
        let operand = Syntax.parenthesised parser

        Syntax.oneOf
            "a change of groups"
            [
                "coarsen",
                Syntax.atLeast 1 "a factor"
                |>> fun factor inner -> Grouping.Coarsen(factor, inner)
                "refine", operand |>> fun within inner -> Grouping.Refine(within, inner)
                "then", operand |>> fun rest first -> Grouping.Then(first, rest)
                "interleave", operand |>> fun right left -> Grouping.Interleave(left, right)
                "given", givens
            ]

    let private stages first =
        Syntax.chain first (Syntax.pipe >>. stage)

    /// What may stand behind an order: nothing, or a cut or stage and then stages; or what `other` reads.
    let private behind (other: Order -> Parser<'value, unit>) (wrap: Grouping -> 'value) order =
        let cut = cutParser |>> fun cut -> Grouping.Cut(order, cut)
        let whole = stage |>> fun stage -> stage (singletons order)

        Syntax.pipe >>. (other order <|> (stages (cut <|> whole) |>> wrap))
        <|>% wrap (singletons order)

    /// A pipeline, or what `other` reads behind its order.
    let internal pipelineOr other wrap =
        let ofCut = cutParser |>> fun cut -> Grouping.Cut(Order.LeftToRight, cut)
        (stages ofCut |>> wrap) <|> (Order.parser >>= behind other wrap)

    parserReference.Value <-
        let prefixes =
            Syntax.chain
                (preturn id)
                (Syntax.keyword "given" >>. givens .>> Syntax.pipe
                 |>> fun given outer -> given >> outer)

        prefixes .>>. pipelineOr (fun _ -> pzero) id
        |>> fun (prefixed, grouping) -> prefixed grouping

    let parse text = Syntax.run parser text
