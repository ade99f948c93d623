namespace A3.Model

/// What a run gives its curriculum.
type RunBudget =
    {
        /// Tokens of the whole run, padding not counted.
        Tokens: int64
        /// Tokens of a step on average, padding not counted: what a stage in steps is counted by.
        TokensPerStep: float
        /// Longest sequence, BOS included.
        Context: int
    }

/// A curriculum laid out over a run.
type TrainingSchedule =
    private { course: (float * Stage) list }

/// What a course makes of one sequence.
type SampledLayout =
    {
        Partition: Partition
        /// Weight of each of its targets in the query stream's loss.
        TargetWeight: float
    }

/// Why a curriculum does not fit a run.
[<RequireQualifiedAccess>]
type TrainingScheduleError =
    | TooLong of stages: float * tokens: int64
    | Group of stage: int * draw: int * size: int64 * context: int
    | Context of stage: int * draw: int * shortest: int64 * context: int

    member error.Message =
        match error with
        | TooLong(stages, tokens) ->
            let share =
                stages.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)

            $"the stages beside `stage rest` last {share} times the run's %d{tokens} tokens; they must end before it does: shorten them, or train for longer."
        | Group(stage, draw, size, context) ->
            $"stage %d{stage}, draw %d{draw}: groups of %d{size}, but the context holds %d{context} positions; use smaller groups or a longer context."
        | Context(stage, draw, shortest, context) ->
            $"stage %d{stage}, draw %d{draw}: its context needs runs of at least %d{shortest} positions in all, but the context of the model holds %d{context}; use shorter runs or a longer context."

/// A draw is a pure function of seed, progress and shape, so a resumed run sees the same draws.
[<RequireQualifiedAccess>]
module TrainingSchedule =

    /// The share of the run that a stage takes by itself.
    let private shareOf plan stage =
        match stage.Duration with
        | Duration.Share share -> share
        | Duration.Tokens count -> float count / float plan.Tokens
        | Duration.Steps count -> float count * plan.TokensPerStep / float plan.Tokens
        | Duration.Rest -> 0.0

    let private drawError plan stage draw drawn =
        let size = MixtureComponent.largest drawn
        let shortest = EvidenceModel.shortest drawn.Context

        if size > int64 plan.Context then
            Some(TrainingScheduleError.Group(stage, draw, size, plan.Context))
        elif shortest >= int64 plan.Context then
            Some(TrainingScheduleError.Context(stage, draw, shortest, plan.Context))
        else
            None

    let private drawsError plan stages =
        stages
        |> Seq.mapi (fun index stage -> stage.Mixture |> Seq.mapi (drawError plan index))
        |> Seq.concat
        |> Seq.tryPick id

    /// The curriculum over a run; an error where its stages or its groups are too long for it.
    let tryFit plan curriculum =
        let stages = Curriculum.stages curriculum
        let taken = stages |> List.sumBy (shareOf plan)

        let laid stage =
            match stage.Duration with
            | Duration.Rest -> 1.0 - taken, stage
            | Duration.Share _
            | Duration.Tokens _
            | Duration.Steps _ -> shareOf plan stage, stage

        let course = stages |> List.map laid

        match drawsError plan stages with
        | Some error -> Result.Error error
        | None when course |> List.exists (fun (share, _) -> not (share > 0.0)) ->
            Result.Error(TrainingScheduleError.TooLong(taken, plan.Tokens))
        | None -> Result.Ok { course = course }

    /// As `tryFit`, for a curriculum known to fit; throws with the same message.
    let fit plan curriculum =
        match tryFit plan curriculum with
        | Result.Ok course -> course
        | Result.Error error -> invalidArg (nameof curriculum) error.Message

    /// The stages, each with its share of the run.
    let stages course = course.course

    /// The stage at a progress in 0..1 of the run, and the progress within it. Total: a progress outside 0..1 counts as the
    /// nearest end.
    let stageAt progress course =
        let progress = if System.Double.IsNaN progress then 0.0 else progress

        let rec find before stages =
            match stages with
            | [] -> invalidOp "a curriculum has at least one stage."
            | (share, stage) :: others when List.isEmpty others || progress < before + share ->
                stage, (progress - before) / share |> min 1.0 |> max 0.0
            | (share, _) :: others -> find (before + share) others

        find 0.0 course.course

    /// The drawing of one sequence. Position 0 is evidence, and a target remains wherever the shape leaves a position other
    /// than 0 open.
    let draw course seed progress shape =
        let stage, progress = stageAt progress course
        let draw = stage |> Stage.pick (Seed.derive 0L seed) progress
        let partition = draw |> MixtureComponent.partition (Seed.derive 1L seed) progress shape

        {
            Partition = partition
            TargetWeight = draw |> MixtureComponent.targetWeight shape partition
        }
