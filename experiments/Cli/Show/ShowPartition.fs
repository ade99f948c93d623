namespace A3.Cli

open System
open A3.Model

/// `a3 show GROUPING`: what each step generates, and both masks.
[<RequireQualifiedAccess>]
module ShowPartition =

    let groupsJson partition =
        Partition.groups partition |> Seq.map Json.wholes |> Json.list

    let private partitionJson title partition =
        let layout = Layout.ofPartition partition
        let length = Partition.length partition

        let attended mask =
            Seq.init length (fun query ->
                Seq.init length id |> Seq.filter (Mask.allows mask layout query) |> Json.wholes)
            |> Json.list

        Json.record
            [
                "grouping", Json.text title
                "length", Json.whole length
                "evidence_groups", Json.whole (Partition.evidenceGroups partition)
                "groups", groupsJson partition
                "group_of", Partition.groupOf partition |> Json.wholes
                if length <= PartitionText.longestMask then
                    "content_mask", attended Mask.content
                    "query_mask", attended Mask.query
            ]

    /// The tokens of a text, the first of them given; else so many positions without words.
    let private shapeOf (invocation: Invocation) (command: ShowCommand) grouping =
        match command.Text, command.Length with
        | Some _, Some _ -> raise (UsageException "--text and --length; give one of the two.")
        | Some text, None ->
            let tokenizer = ModelFolder.find invocation.Model |> A3.Tokenizer.Load
            let tokens = tokenizer.Encode(text, true)
            Limit.check "positions of --text:" Limits.drawn tokens.Length |> ignore
            let starts = A3.TextStarts.Of(ReadOnlySpan tokens, tokenizer)

            { (SequenceLayout.ofLength tokens.Length |> SequenceLayout.given [ 0 ]) with
                WordStarts = Seq.toArray starts.Words
                SentenceStarts = Seq.toArray starts.Sentences
            }
        | None, length ->
            grouping
            |> TextForms.refuseNeeds "grouping" "which positions alone have none of; give a text with --text."

            length |> Option.defaultValue ShowCommand.usualLength |> SequenceLayout.ofLength

    /// Draws a grouping.
    let run (invocation: Invocation) (command: ShowCommand) text =
        Rules.check
            [
                command.Tokens.IsSome || command.BatchTokens.IsSome,
                "--tokens and --batch-tokens are for curricula; a grouping has no run."
            ]

        let remark = Invocation.remark invocation
        let recipe = TextForms.grouping remark "grouping" text
        let shape = shapeOf invocation command recipe

        let grouping =
            recipe
            |> match invocation.Seed with
               | Some seed -> Grouping.reseed (Seed.ofInt64 seed)
               | None -> id
            |> match command.Given with
               | Some given ->
                   let regions = TextForms.regions "--given" given
                   fun grouping -> Grouping.Given(regions, grouping)
               | None -> id

        TextForms.remarkAt remark $"at {shape.Length} positions" shape grouping
        let partition = grouping |> Grouping.resolve shape
        let title = Grouping.print grouping
        let sorted = command.Sorted
        ShowCommand.save invocation command shape.Length (fun () -> PartitionSvg.draw sorted title partition)

        if invocation.Output.Json then
            invocation.Output |> Output.json (partitionJson title partition)
        else
            invocation.Output
            |> Output.lines (PartitionText.draw invocation.Output.Ink invocation.Output.Width sorted title partition)
