namespace A3.Model

open FParsec

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
    | InDraw of stage: int * draw: int * DrawError

    member error.Message =
        match error with
        | NoStages -> "the curriculum has no stages; it needs at least one."
        | Share(stage, share) -> $"stage {stage} has share {share}; a share is above 0 and at most 1."
        | Shares sum -> $"the shares of the stages sum to {sum}; they must sum to 1."
        | NoDraws stage -> $"stage {stage} has no draws; it needs at least one."
        | InDraw(stage, draw, error) -> $"stage {stage}, draw {draw}: {error.Message}"

/// A draw is a pure function of seed, progress and shape, so a resumed run sees the same draws.
[<RequireQualifiedAccess>]
module Curriculum =

    let private stageError index stage =
        let drawError draw =
            Draw.error
            >> Option.map (fun error -> CurriculumError.InDraw(index, draw, error))

        if not (stage.Share > 0.0 && stage.Share <= 1.0) then
            Some(CurriculumError.Share(index, stage.Share))
        elif List.isEmpty stage.Mixture then
            Some(CurriculumError.NoDraws index)
        else
            stage.Mixture |> Seq.mapi drawError |> Seq.tryPick id

    /// Shares may miss 1 by rounding, at most 1e-9.
    let tryCreate stages =
        let sum = stages |> List.sumBy _.Share

        match stages |> Seq.mapi stageError |> Seq.tryPick id with
        | _ when List.isEmpty stages -> Result.Error CurriculumError.NoStages
        | Some error -> Result.Error error
        | None when abs (sum - 1.0) > 1e-9 -> Result.Error(CurriculumError.Shares sum)
        | None -> Result.Ok { stages = stages }

    /// As `tryCreate`, for stages known to be right; throws with the same message.
    let create stages =
        match tryCreate stages with
        | Result.Ok curriculum -> curriculum
        | Result.Error error -> invalidArg (nameof stages) error.Message

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

    /// The partition of one sequence. Total: a progress outside 0..1 counts as the nearest end. Position 0 is evidence, and
    /// a target remains wherever the shape leaves a position other than 0 open.
    let draw curriculum seed progress shape =
        let stage, progress = stageAt progress curriculum

        pick (Seed.derive 0L seed) stage.Mixture
        |> Draw.partition (Seed.derive 1L seed) progress shape

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

    let private builtIn =
        [ "ar", ar; "direct", direct; "infill", infill; "paper", paper ]

    let private printStage stage =
        let mixture = stage.Mixture |> List.map Draw.print

        $"""stage {Syntax.printNumber stage.Share}: {System.String.Join(" + ", mixture)}"""

    /// Text form: stages, each a share of the run and a mixture of draws, on one line or several:
    /// `stage 0.2: left-to-right | singletons; stage 0.8: 2 * (gaps 1..3 of 4..40 bidirectional | random | chunks 4) + bisect | words`.
    /// A mixture alone is one stage; the name of a built-in stands for it.
    let print curriculum =
        System.String.Join("; ", curriculum.stages |> List.map printStage)

    let internal parser =
        let mixture = sepBy1 Draw.parser (Syntax.symbol "+")

        let share =
            Syntax.number "above 0 and at most 1" (fun share -> share > 0.0 && share <= 1.0) "a share of the run"

        let stage =
            Syntax.keyword "stage" >>. share .>> Syntax.symbol ":" .>>. mixture
            .>> opt (Syntax.symbol ";")
            |>> fun (share, mixture) -> { Share = share; Mixture = mixture }

        let valid stages =
            match tryCreate stages with
            | Result.Ok curriculum -> preturn curriculum
            | Result.Error error -> fail error.Message

        choice
            [
                for name, curriculum in builtIn do
                    Syntax.keyword name >>% curriculum
                many1 stage >>= valid
                mixture |>> fun mixture -> create [ { Share = 1.0; Mixture = mixture } ]
            ]

    let parse text = Syntax.run parser text
