namespace A3.Model

open FParsec

/// Stages of a run, in order, each a distribution over groupings.
type Curriculum = private { stages: Stage list }

/// Why stages are not a curriculum.
[<RequireQualifiedAccess>]
type CurriculumError =
    | NoStages
    | InStage of stage: int * StageError
    | Rests of first: int * second: int
    | NoRest
    | Shares of sum: float * rest: bool

    member error.Message =
        match error with
        | NoStages -> "the curriculum has no stages; it needs at least one."
        | InStage(stage, error) -> $"stage %d{stage}: {error.Message}"
        | Rests(first, second) -> $"stages %d{first} and %d{second} both take the rest of the run; one stage may."
        | NoRest -> "stages in steps or tokens leave the end of the run open; one stage must be `stage rest`."
        | Shares(sum, true) ->
            $"the shares of the stages sum to {string sum}; beside `stage rest` they must sum to less than 1."
        | Shares(sum, false) -> $"the shares of the stages sum to {string sum}; they must sum to 1."

/// Stages as a value, before a run gives them their lengths; `Course` draws from them.
[<RequireQualifiedAccess>]
module Curriculum =

    let private durationsError stages =
        let rests =
            stages
            |> List.indexed
            |> List.filter (fun (_, stage) -> stage.Duration = Duration.Rest)

        let shares =
            stages
            |> List.choose (fun stage ->
                match stage.Duration with
                | Duration.Share share -> Some share
                | Duration.Steps _
                | Duration.Tokens _
                | Duration.Rest -> None)

        let sum = List.sum shares

        match rests with
        | (first, _) :: (second, _) :: _ -> Some(CurriculumError.Rests(first, second))
        | [ _ ] when sum >= 1.0 -> Some(CurriculumError.Shares(sum, true))
        | [ _ ] -> None
        | [] when shares.Length < stages.Length -> Some CurriculumError.NoRest
        | [] when abs (sum - 1.0) > 1e-9 -> Some(CurriculumError.Shares(sum, false))
        | [] -> None

    let private stagesError stages =
        stages
        |> Seq.indexed
        |> Seq.tryPick (fun (index, stage) ->
            Stage.error stage
            |> Option.map (fun error -> CurriculumError.InStage(index, error)))

    /// Shares may miss 1 by rounding, at most 1e-9.
    let tryCreate stages =
        match stagesError stages |> Option.orElse (durationsError stages) with
        | _ when List.isEmpty stages -> Result.Error CurriculumError.NoStages
        | Some error -> Result.Error error
        | None -> Result.Ok { stages = stages }

    /// As `tryCreate`, for stages known to be right; throws with the same message.
    let create stages =
        match tryCreate stages with
        | Result.Ok curriculum -> curriculum
        | Result.Error error -> invalidArg (nameof stages) error.Message

    let stages curriculum = curriculum.stages

    let private share share mixture =
        {
            Duration = Duration.Share share
            Losses = Stage.ordinary
            Mixture = mixture
        }

    let private always part recipe =
        share part [ MixtureComponent.create 1.0 EvidenceModel.Start recipe ]

    let private chunks size order =
        Recipe.Template(Grouping.chunks size order)

    let private leftToRight = Recipe.Template(Grouping.singletons Order.LeftToRight)

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

    /// Masked diffusion, the baseline: a uniform number of positions masked and predicted at once from all others, weighted
    /// by the inverse of their share; `MixtureComponent` states the estimator.
    let maskedDiffusion =
        create
            [
                share
                    1.0
                    [
                        { MixtureComponent.create
                              1.0
                              (EvidenceModel.Scattered Reading.Bidirectional)
                              (Recipe.Template(Grouping.Cut(Order.LeftToRight, Cut.AllAtOnce))) with
                            Weighting = Weighting.InverseShare
                        }
                    ]
            ]

    /// For a model that fills gaps, what the model in the box was trained by. First an ordinary causal language model, by the content
    /// stream alone, which costs half as much a token; then left to right, context predicted and then gaps, gaps between given
    /// context, and random positions over everything.
    let infill =
        let gaps reading =
            EvidenceModel.Gaps({ Lowest = 1; Highest = 3 }, EvidenceRun.Positions { Lowest = 4; Highest = 40 }, reading)

        let items orders sizes context =
            List.allPairs orders sizes
            |> List.map (fun (order, size) -> MixtureComponent.create 1.0 context (chunks size order))

        let orders = [ Order.LeftToRight; Order.Bisect; Order.Random 0L ]

        create
            [
                { always 0.3 leftToRight with
                    Losses = { Query = 0.0; Content = Some 1.0 }
                }
                share
                    0.7
                    (MixtureComponent.create 6.0 EvidenceModel.Start leftToRight
                     :: items orders [ 1; 2; 4 ] (gaps Reading.Predicted)
                     @ items orders [ 1; 2; 4 ] (gaps Reading.Bidirectional)
                     @ items [ Order.Random 0L ] [ 1; 2; 4; 8 ] EvidenceModel.Start)
            ]

    /// For a causal model that is to fill gaps and stay a causal model, which the content stream's loss sees to, most of all at the end.
    /// A query that has only ever looked back is lost among keys ahead (one of them doubles its loss): they come a few at a time, then in
    /// longer runs, then as all that stands behind a gap; given causally first, as such a model reads, in the end as one group.
    let adapt =
        let piece lowest highest =
            EvidenceRun.Positions { Lowest = lowest; Highest = highest }

        let ahead most lowest highest =
            EvidenceModel.Kept({ Lowest = 1; Highest = most }, piece lowest highest, Reading.Causal)

        let gaps lowest highest reading =
            EvidenceModel.Gaps({ Lowest = 1; Highest = 3 }, piece lowest highest, reading)

        let ramp first last context order =
            { MixtureComponent.create first context (Recipe.Template(Grouping.singletons order)) with
                Weight = { From = first; To = last }
            }

        let nothingAhead weight =
            ramp weight weight EvidenceModel.Start Order.LeftToRight

        let around first last order =
            ramp first last (gaps 4 40 Reading.Bidirectional) order

        let stage length content items =
            { share length items with
                Losses = { Query = 1.0; Content = Some content }
            }

        create
            [
                stage 0.08 1.0 [ nothingAhead 1.0 ]
                stage
                    0.26
                    1.0
                    [
                        nothingAhead 2.0
                        ramp 3.0 1.0 (ahead 1 1 6) Order.LeftToRight
                        ramp 0.0 3.0 (ahead 2 1 60) Order.LeftToRight
                        ramp 0.0 3.0 (gaps 8 60 Reading.Causal) Order.LeftToRight
                    ]
                stage
                    0.28
                    1.0
                    [
                        nothingAhead 2.0
                        ramp 1.0 0.0 (ahead 2 1 60) Order.LeftToRight
                        ramp 3.0 0.0 (gaps 8 60 Reading.Causal) Order.LeftToRight
                        around 1.0 5.0 Order.LeftToRight
                        around 0.0 1.0 Order.Bisect
                        ramp 0.0 1.0 EvidenceModel.Start (Order.Random 0L)
                    ]
                stage
                    0.38
                    4.0
                    [
                        nothingAhead 4.0
                        around 5.0 5.0 Order.LeftToRight
                        around 1.0 1.0 Order.Bisect
                        ramp 1.0 1.0 EvidenceModel.Start (Order.Random 0L)
                    ]
            ]

    /// The built-in curricula by the names that stand for them.
    let builtIn =
        [
            "adapt", adapt
            "ar", ar
            "direct", direct
            "infill", infill
            "masked-diffusion", maskedDiffusion
            "paper", paper
        ]

    /// Text form: stages, on one line or several:
    /// `stage 0.2: left-to-right | singletons; stage 0.8: 2 * (gaps 1..3 of 4..40 bidirectional | random | chunks 4) + bisect | words`.
    /// A mixture alone is one stage; the name of a built-in stands for it.
    let print curriculum =
        System.String.Join("; ", curriculum.stages |> List.map Stage.print)

    let internal parser =
        let valid stages =
            match tryCreate stages with
            | Result.Ok curriculum -> preturn curriculum
            | Result.Error error -> fail error.Message

        choice
            [
                builtIn
                |> List.map (fun (name, curriculum) -> name, preturn curriculum)
                |> Syntax.oneOf "a built-in curriculum"
                many1 (Stage.parser .>> opt (Syntax.symbol ";")) >>= valid
                Stage.mixture >>= (share 1.0 >> List.singleton >> valid)
            ]

    let parse text = Syntax.run parser text
