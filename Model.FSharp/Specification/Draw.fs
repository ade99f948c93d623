namespace A3.Model

open FParsec

/// How the groups to predict see the context around them.
[<RequireQualifiedAccess>]
type Reading =
    /// Given as one group: context positions see each other.
    | Bidirectional
    /// Given as singletons left to right: each context position sees those before it.
    | Causal
    /// Predicted as singletons left to right before all else, so that every position carries loss.
    | Predicted

/// A whole number drawn uniformly from `Lowest..Highest`, both included.
[<Struct>]
type Range = { Lowest: int; Highest: int }

/// Which open positions a draw sets aside as context. BOS, position 0, is evidence in every draw.
[<RequireQualifiedAccess>]
type Context =
    /// None: everything after BOS is drawn.
    | Start
    /// A prefix of uniform length, at least one position and not all of them.
    | Prefix of Reading
    /// Everything around a number of gaps, each of a length of its own, with context on both sides of each; cut down where
    /// the sequence is too short for them.
    | Gaps of count: Range * length: Range * Reading

/// What a draw makes of the positions that are not context.
[<RequireQualifiedAccess>]
type Recipe =
    /// A grouping, each `Random` in it redrawn for every sequence.
    | Template of Grouping
    /// Chunks along an order (its `Random` redrawn too) whose size grows from `first` to `last` with the progress within
    /// the stage, each size for an equal part of it.
    | Expand of Order * first: int * last: int

/// One component of a stage's mixture.
type Draw =
    {
        Weight: float
        Context: Context
        Recipe: Recipe
    }

/// A share of the run, in which every sequence takes one draw of the mixture with probability by weight.
/// Why a draw is not one.
[<RequireQualifiedAccess>]
type DrawError =
    | Weight of float
    | Interval of what: string * first: int * last: int
    | OwnEvidence

    member error.Message =
        match error with
        | Weight weight -> $"weight {weight}; a weight is a finite number above 0."
        | Interval(what, first, last) ->
            $"{what} {first}..{last}; both ends are at least 1, and the first is not above the last."
        | OwnEvidence -> "`given` inside; the evidence of a draw is its context, so name a prefix or gaps instead."

[<RequireQualifiedAccess>]
module Draw =

    let private interval what first last =
        if first >= 1 && first <= last then
            None
        else
            Some(DrawError.Interval(what, first, last))

    let private contextError context =
        match context with
        | Context.Start
        | Context.Prefix _ -> None
        | Context.Gaps(count, length, _) ->
            interval "gaps" count.Lowest count.Highest
            |> Option.orElse (interval "gaps of" length.Lowest length.Highest)

    let private recipeError recipe =
        match recipe with
        | Recipe.Template grouping when Grouping.givesEvidence grouping -> Some DrawError.OwnEvidence
        | Recipe.Template _ -> None
        | Recipe.Expand(_, first, last) -> interval "expand" first last

    /// The first rule that a draw breaks.
    let error draw =
        if draw.Weight > 0.0 && System.Double.IsFinite draw.Weight then
            contextError draw.Context |> Option.orElse (recipeError draw.Recipe)
        else
            Some(DrawError.Weight draw.Weight)

    let private within range seed =
        range.Lowest + Seed.below (range.Highest - range.Lowest + 1) seed

    /// `count` distinct numbers of 0..bound-1, ascending.
    let private distinct count bound seed =
        Seed.shuffle bound seed |> Array.truncate count |> Array.sort

    /// For each of `length` positions whether it lies in a gap: positions around the gaps are cut at distinct places, so
    /// that each side of each gap keeps at least one where there are enough of them.
    let private gaps count gapLength length seed =
        let count = within count (Seed.derive 0L seed) |> min ((length - 1) / 2) |> max 1

        let longest = (length - count - 1) / count |> max 1

        let lengths =
            Array.init count (fun gap -> within gapLength (Seed.derive (int64 gap + 2L) seed) |> min longest)

        let around = length - Array.sum lengths

        let cuts =
            if around > count then
                distinct count (around - 1) (Seed.derive 1L seed) |> Array.map ((+) 1)
            else
                distinct count (around + 1) (Seed.derive 1L seed)

        let inGap = Array.create length false
        let before = Array.scan (+) 0 lengths

        cuts
        |> Array.iteri (fun gap cut -> Array.fill inGap (cut + before[gap]) lengths[gap] true)

        inGap

    /// The context among `length` open positions, as indices into them, ascending, and how it is read.
    let private contextOf seed length context =
        match context with
        | Context.Start -> [||], Reading.Bidirectional
        | Context.Prefix reading when length > 1 -> Array.init (1 + Seed.below (length - 1) seed) id, reading
        | Context.Gaps(count, gapLength, reading) when length > 1 ->
            let inGap = gaps count gapLength length seed
            Array.init length id |> Array.filter (fun index -> not inGap[index]), reading
        | Context.Prefix reading
        | Context.Gaps(_, _, reading) -> [||], reading

    let private groupingOf seed progress recipe =
        match recipe with
        | Recipe.Template grouping -> Grouping.reseed seed grouping
        | Recipe.Expand(order, first, last) ->
            let grown =
                progress * (float last - float first + 1.0) |> min (float (last - first))

            Grouping.chunks (first + int grown) (Order.reseed seed order)

    /// BOS as a group of its own before all evidence, unless it is in it already.
    let private withStart shape =
        if shape.Evidence |> Array.exists (Array.contains 0) then
            shape
        else
            { shape with
                Evidence = Array.append [| [| 0 |] |] shape.Evidence
            }

    /// The partition of one sequence, at a progress in 0..1 of the stage.
    let partition seed progress shape draw =
        let shape = withStart shape
        let openPositions = Shape.openPositions shape

        let context, reading =
            contextOf (Seed.derive 0L seed) openPositions.Length draw.Context

        let positions = context |> Array.map (fun index -> openPositions[index])
        let grouping = groupingOf (Seed.derive 1L seed) progress draw.Recipe

        match reading with
        | Reading.Bidirectional when shape.Evidence = [| [| 0 |] |] ->
            grouping
            |> Grouping.resolve
                { shape with
                    Evidence = [| Array.append [| 0 |] positions |]
                }
        | Reading.Bidirectional -> grouping |> Grouping.resolve (Shape.given positions shape)
        | Reading.Causal -> grouping |> Grouping.resolve (Shape.givenCausally positions shape)
        | Reading.Predicted ->
            let read = Grouping.singletons (Order.Explicit(List.ofArray context))
            Grouping.Then(read, grouping) |> Grouping.resolve shape

    let private printRange range =
        Syntax.printInterval range.Lowest range.Highest

    let private printReading reading =
        match reading with
        | Reading.Bidirectional -> "bidirectional"
        | Reading.Causal -> "causal"
        | Reading.Predicted -> "predicted"

    let private printContext context =
        match context with
        | Context.Start -> ""
        | Context.Prefix reading -> $"prefix {printReading reading} | "
        | Context.Gaps(count, length, reading) ->
            $"gaps {printRange count} of {printRange length} {printReading reading} | "

    let private printRecipe recipe =
        match recipe with
        | Recipe.Template grouping -> Grouping.print grouping
        | Recipe.Expand(order, first, last) -> $"{Order.print order} | expand {first} {last}"

    /// Text form: context and recipe as a pipeline, after its weight: `(random | chunks 4)`,
    /// `2 * (gaps 1..3 of 4..40 predicted | bisect | singletons)`, `(prefix causal | left-to-right | expand 1 4)`. Weight 1 and
    /// the parentheses around it may be left out.
    let print draw =
        let pipeline = printContext draw.Context + printRecipe draw.Recipe

        if draw.Weight = 1.0 then
            $"({pipeline})"
        else
            $"{Syntax.printNumber draw.Weight} * ({pipeline})"

    let private range =
        Syntax.interval 1 "a number"
        |>> fun (lowest, highest) -> { Lowest = lowest; Highest = highest }

    let private reading =
        choice
            [
                Syntax.keyword "bidirectional" >>% Reading.Bidirectional
                Syntax.keyword "causal" >>% Reading.Causal
                Syntax.keyword "predicted" >>% Reading.Predicted
            ]

    let private context =
        choice
            [
                Syntax.keyword "prefix" >>. reading .>> Syntax.pipe |>> Context.Prefix
                Syntax.keyword "gaps" >>. range .>> Syntax.keyword "of" .>>. range .>>. reading
                .>> Syntax.pipe
                |>> fun ((count, length), reading) -> Context.Gaps(count, length, reading)
                preturn Context.Start
            ]

    let private recipe =
        let expand order =
            Syntax.keyword "expand" >>. Syntax.atLeast 1 "the first size"
            >>= fun first ->
                Syntax.atLeast first $"the last size, not below {first}"
                |>> fun last -> Recipe.Expand(order, first, last)

        Grouping.pipelineOr expand Recipe.Template

    let internal parser =
        let pipeline = context .>>. recipe

        let weight =
            Syntax.number "above 0" (fun weight -> weight > 0.0) "a weight"
            .>> Syntax.symbol "*"

        let draw (weight, (context, recipe)) =
            let draw =
                {
                    Weight = weight
                    Context = context
                    Recipe = recipe
                }

            match error draw with
            | None -> preturn draw
            | Some error -> fail error.Message

        (weight <|>% 1.0) .>>. (Syntax.parenthesised pipeline <|> pipeline) >>= draw
