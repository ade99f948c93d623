namespace A3.Cli

open A3.Model

/// `a3 show CURRICULUM`: its stages, and partitions that it draws along a run.
[<RequireQualifiedAccess>]
module ShowCurriculum =

    let private sampleJson title length sample =
        let partition (progress, partition) =
            Json.record
                [
                    "progress", Json.number progress
                    "evidence_groups", Json.whole (Partition.evidenceGroups partition)
                    "groups", ShowPartition.groupsJson partition
                ]

        let stage (stage: StageSample) =
            Json.record
                [
                    "text", Json.text (Stage.print stage.Stage)
                    "share", Json.number stage.Share
                    "tokens", Json.whole stage.Tokens
                    "steps", Json.whole stage.Steps
                    "query_weight", Json.number stage.Stage.Losses.Query
                    "content_weight", stage.Stage.Losses.Content |> Option.map Json.number |> Option.defaultValue null
                    "given", Json.number stage.Given
                    "group_sizes",
                    Json.record [ for size: int, count: int in stage.Sizes -> string size, Json.whole count ]
                ]

        Json.record
            [
                "curriculum", Json.text title
                "length", Json.whole length
                "tokens", Json.whole sample.Plan.Tokens
                "stages", sample.Stages |> Seq.map stage |> Json.list
                "samples", sample.Partitions |> Seq.map partition |> Json.list
            ]

    /// The run that a curriculum is drawn for; its context is that of training by default, or as long as what is drawn.
    let private plan (command: ShowCommand) length =
        {
            Tokens = command.Tokens |> Option.defaultValue ShowCommand.training.Tokens
            TokensPerStep =
                command.BatchTokens
                |> Option.defaultValue ShowCommand.training.BatchTokens
                |> float
            Context = max length A3.TrainingOptions.StandardContext
        }

    let private course name plan curriculum =
        match TrainingSchedule.tryFit plan curriculum with
        | Ok course -> course
        | Error error -> raise (UsageException $"curriculum {name}: {error.Message}")

    /// Draws a sample of a curriculum.
    let run (invocation: Invocation) (command: ShowCommand) name curriculum =
        Rules.check
            [
                command.Sorted || command.Given.IsSome || command.Text.IsSome,
                "--sorted, --given and --text are for groupings; a curriculum draws what is given."
            ]

        let length =
            command.Length
            |> Option.defaultValue ShowCommand.usualCurriculumLength
            |> Limit.check "--length" Limits.drawnCurriculum

        let plan = plan command length

        let sample =
            course name plan curriculum
            |> CurriculumSample.draw length (Seed.ofInt64 (defaultArg invocation.Seed 0L)) plan

        ShowCommand.save invocation command length (fun () -> CurriculumSvg.draw name sample)

        if invocation.Output.Json then
            invocation.Output
            |> Output.json (sampleJson (Curriculum.print curriculum) length sample)
        else
            invocation.Output
            |> Output.lines (CurriculumText.draw invocation.Output.Ink invocation.Output.Width name sample)
