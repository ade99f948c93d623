namespace A3.Model

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
type Stage = { Share: float; Mixture: Draw list }

/// Stages of a run, in order, each a distribution over groupings.
type Curriculum = private { stages: Stage list }

/// Why stages are not a curriculum.
[<RequireQualifiedAccess>]
type CurriculumError =
    | NoStages
    | Share of stage: int * share: float
    | Shares of sum: float
    | NoDraws of stage: int
    | Weight of stage: int * draw: int * weight: float
    | Range of stage: int * draw: int * what: string * lowest: int * highest: int
    | OwnEvidence of stage: int * draw: int

    member error.Message =
        match error with
        | NoStages -> "the curriculum has no stages; it needs at least one."
        | Share(stage, share) -> $"stage {stage} has share {share}; a share is above 0 and at most 1."
        | Shares sum -> $"the shares of the stages sum to {sum}; they must sum to 1."
        | NoDraws stage -> $"stage {stage} has no draws; it needs at least one."
        | Weight(stage, draw, weight) ->
            $"draw {draw} of stage {stage} has weight {weight}; a weight is a finite number above 0."
        | Range(stage, draw, what, lowest, highest) ->
            $"draw {draw} of stage {stage} has {what} {lowest}..{highest}; both ends are at least 1, and the first is not above the last."
        | OwnEvidence(stage, draw) ->
            $"draw {draw} of stage {stage} uses `given`; the evidence of a draw is its context, so name a prefix or gaps instead."

/// A draw is a pure function of seed, progress and shape, so a resumed run sees the same draws.
[<RequireQualifiedAccess>]
module Curriculum =

    let private checkDraw stage index draw =
        let range what lowest highest =
            if lowest >= 1 && lowest <= highest then
                None
            else
                Some(CurriculumError.Range(stage, index, what, lowest, highest))

        let context =
            match draw.Context with
            | Context.Start
            | Context.Prefix _ -> None
            | Context.Gaps(count, length, _) ->
                range "gaps" count.Lowest count.Highest
                |> Option.orElse (range "gap lengths" length.Lowest length.Highest)

        let recipe =
            match draw.Recipe with
            | Recipe.Template grouping when Grouping.givesEvidence grouping ->
                Some(CurriculumError.OwnEvidence(stage, index))
            | Recipe.Template _ -> None
            | Recipe.Expand(_, first, last) -> range "expansion" first last

        if draw.Weight > 0.0 && System.Double.IsFinite draw.Weight then
            Option.orElse recipe context
        else
            Some(CurriculumError.Weight(stage, index, draw.Weight))

    let private checkStage index stage =
        if not (stage.Share > 0.0 && stage.Share <= 1.0) then
            Some(CurriculumError.Share(index, stage.Share))
        elif List.isEmpty stage.Mixture then
            Some(CurriculumError.NoDraws index)
        else
            stage.Mixture |> Seq.mapi (checkDraw index) |> Seq.tryPick id

    /// Shares may miss 1 by rounding, at most 1e-9.
    let tryCreate stages =
        let sum = stages |> List.sumBy _.Share

        match stages |> Seq.mapi checkStage |> Seq.tryPick id with
        | _ when List.isEmpty stages -> Error CurriculumError.NoStages
        | Some error -> Error error
        | None when abs (sum - 1.0) > 1e-9 -> Error(CurriculumError.Shares sum)
        | None -> Ok { stages = stages }

    /// As `tryCreate`, for stages known to be right; throws with the same message.
    let create stages =
        match tryCreate stages with
        | Ok curriculum -> curriculum
        | Error error -> invalidArg (nameof stages) error.Message

    let stages curriculum = curriculum.stages

    /// The stage at a progress in 0..1 of the run, and the progress within it.
    let stageAt progress curriculum =
        let progress = if System.Double.IsNaN progress then 0.0 else progress

        let rec find before stages =
            match stages with
            | [] -> invalidOp "a curriculum has at least one stage."
            | stage :: others when List.isEmpty others || progress < before + stage.Share ->
                stage, (progress - before) / stage.Share |> min 1.0 |> max 0.0
            | stage :: others -> find (before + stage.Share) others

        find 0.0 curriculum.stages

    let private pick seed mixture =
        let target = Seed.uniform seed * (mixture |> List.sumBy _.Weight)

        let rec find before draws =
            match draws with
            | [ draw ] -> draw
            | draw :: _ when target < before + draw.Weight -> draw
            | draw :: others -> find (before + draw.Weight) others
            | [] -> invalidOp "a stage has at least one draw."

        find 0.0 mixture

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

    /// The partition of one sequence. Total: a progress outside 0..1 counts as the nearest end. Position 0 is evidence, and
    /// a target remains wherever the shape leaves a position other than 0 open.
    let draw curriculum seed progress shape =
        let stage, progress = stageAt progress curriculum
        let draw = pick (Seed.derive 0L seed) stage.Mixture
        let shape = withStart shape
        let openPositions = Shape.openPositions shape

        let context, reading =
            contextOf (Seed.derive 1L seed) openPositions.Length draw.Context

        let positions = context |> Array.map (fun index -> openPositions[index])
        let grouping = groupingOf (Seed.derive 2L seed) progress draw.Recipe

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

    let private drawing weight recipe context =
        {
            Weight = weight
            Context = context
            Recipe = recipe
        }

    let private chunks size order =
        Recipe.Template(Grouping.chunks size order)

    let private leftToRight = Recipe.Template(Grouping.singletons Order.LeftToRight)

    let private always share recipe =
        {
            Share = share
            Mixture = [ drawing 1.0 recipe Context.Start ]
        }

    /// An ordinary causal language model.
    let ar = create [ always 1.0 leftToRight ]

    /// The paper's three stages: singletons left to right, contiguous groups growing from 1 to 4, random positions in groups
    /// of 4, then of 8.
    let paper =
        create
            [
                always 0.2 leftToRight
                always 0.3 (Recipe.Expand(Order.LeftToRight, 1, 4))
                always 0.25 (chunks 4 (Order.Random 0L))
                always 0.25 (chunks 8 (Order.Random 0L))
            ]

    /// The paper's last stage alone.
    let direct =
        create
            [
                always 0.5 (chunks 4 (Order.Random 0L))
                always 0.5 (chunks 8 (Order.Random 0L))
            ]

    /// For a model that fills gaps: left to right, context predicted and then gaps, gaps between given context, and random
    /// positions over everything.
    let infill =
        let gaps reading =
            Context.Gaps({ Lowest = 1; Highest = 3 }, { Lowest = 4; Highest = 40 }, reading)

        let draws orders sizes context =
            List.allPairs orders sizes
            |> List.map (fun (order, size) -> drawing 1.0 (chunks size order) context)

        let orders = [ Order.LeftToRight; Order.Bisect; Order.Random 0L ]

        create
            [
                {
                    Share = 1.0
                    Mixture =
                        drawing 6.0 leftToRight Context.Start
                        :: draws orders [ 1; 2; 4 ] (gaps Reading.Predicted)
                        @ draws orders [ 1; 2; 4 ] (gaps Reading.Bidirectional)
                        @ draws [ Order.Random 0L ] [ 1; 2; 4; 8 ] Context.Start
                }
            ]
