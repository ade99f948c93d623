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
    private
        {
            schedule: (float * Stage) list
        }

/// What a training schedule makes of one sequence.
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
    | Group of stage: int * item: int * size: int64 * context: int
    | Context of stage: int * item: int * shortest: int64 * context: int

    member error.Message =
        match error with
        | TooLong(stages, tokens) ->
            let share =
                stages.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)

            $"the stages beside `stage rest` last {share} times the run's %d{tokens} tokens; they must end before it does: shorten them, or train for longer."
        | Group(stage, item, size, context) ->
            $"stage %d{stage}, component %d{item}: groups of %d{size}, but the context holds %d{context} positions; use smaller groups or a longer context."
        | Context(stage, item, shortest, context) ->
            $"stage %d{stage}, component %d{item}: its context needs runs of at least %d{shortest} positions in all, but the context of the model holds %d{context}; use shorter runs or a longer context."

/// A mixture component is a pure function of seed, progress and layout, so a resumed run sees the same components.
[<RequireQualifiedAccess>]
module TrainingSchedule =

    /// The share of the run that a stage takes by itself.
    let private shareOf budget stage =
        match stage.Duration with
        | Duration.Share share -> share
        | Duration.Tokens count -> float count / float budget.Tokens
        | Duration.Steps count -> float count * budget.TokensPerStep / float budget.Tokens
        | Duration.Rest -> 0.0

    let private drawError budget stage item drawn =
        let size = MixtureComponent.largest drawn
        let shortest = EvidenceModel.shortest drawn.Context

        if size > int64 budget.Context then
            Some(TrainingScheduleError.Group(stage, item, size, budget.Context))
        elif shortest >= int64 budget.Context then
            Some(TrainingScheduleError.Context(stage, item, shortest, budget.Context))
        else
            None

    let private drawsError budget stages =
        stages
        |> Seq.mapi (fun index stage -> stage.Mixture |> Seq.mapi (drawError budget index))
        |> Seq.concat
        |> Seq.tryPick id

    /// The curriculum over a run; an error where its stages or its groups are too long for it.
    let tryFit budget curriculum =
        let stages = Curriculum.stages curriculum
        let taken = stages |> List.sumBy (shareOf budget)

        let laid stage =
            match stage.Duration with
            | Duration.Rest -> 1.0 - taken, stage
            | Duration.Share _
            | Duration.Tokens _
            | Duration.Steps _ -> shareOf budget stage, stage

        let schedule = stages |> List.map laid

        match drawsError budget stages with
        | Some error -> Result.Error error
        | None when schedule |> List.exists (fun (share, _) -> not (share > 0.0)) ->
            Result.Error(TrainingScheduleError.TooLong(taken, budget.Tokens))
        | None -> Result.Ok { schedule = schedule }

    /// As `tryFit`, for a curriculum known to fit; throws with the same message.
    let fit budget curriculum =
        match tryFit budget curriculum with
        | Result.Ok schedule -> schedule
        | Result.Error error -> invalidArg (nameof curriculum) error.Message

    /// The stages, each with its share of the run.
    let stages schedule = schedule.schedule

    /// The stage at a progress in 0..1 of the run, and the progress within it. Total: a progress outside 0..1 counts as the
    /// nearest end.
    let stageAt progress schedule =
        let progress = if System.Double.IsNaN progress then 0.0 else progress

        let rec find before stages =
            match stages with
            | [] -> invalidOp "a curriculum has at least one stage."
            | (share, stage) :: others when List.isEmpty others || progress < before + share ->
                stage, (progress - before) / share |> min 1.0 |> max 0.0
            | (share, _) :: others -> find (before + share) others

        find 0.0 schedule.schedule

    /// The layout of one sequence. Position 0 is evidence, and a target remains wherever the layout leaves a position other
    /// than 0 open.
    let sample schedule seed progress layout =
        let stage, progress = stageAt progress schedule
        let item = stage |> Stage.pick (Seed.derive 0L seed) progress

        let partition =
            item |> MixtureComponent.partition (Seed.derive 1L seed) progress layout

        {
            Partition = partition
            TargetWeight = item |> MixtureComponent.targetWeight layout partition
        }
