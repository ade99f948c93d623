namespace A3.Cli

open System.IO
open Argu
open A3.Runtime.Api
open A3
open A3.Model

/// Arguments of `a3 show`.
[<RequireQualifiedAccess>]
type ShowArguments =
    | [<MainCommand>] Specification of SPECIFICATION: string list
    | [<Unique; AltCommandLine("-n")>] Length of POSITIONS: string
    | [<Unique>] Text of TEXT: string
    | [<Unique>] Given of POSITIONS: string
    | [<Unique>] Sorted
    | [<Unique>] Tokens of COUNT: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Svg of FILE: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Specification _ ->
                "a grouping such as 'bisect | chunks 2', or a curriculum: 'curriculum TEXT', or its name."
            | Length _ ->
                $"positions of the sequence, {Limits.drawn.Range} (default 16); of a curriculum's, {Limits.drawnCurriculum.Range} (default 64, in words of 3 and sentences of 12)."
            | Text _ ->
                "draw the tokens of a text, which has words and sentences, in place of a number of positions (by the tokenizer of --model)."
            | Given _ -> "positions that are given, such as '0..3 8'."
            | Sorted -> "draw rows and columns of the masks by step instead of by position."
            | Tokens _ -> $"tokens of the run that a curriculum is for, {Limits.tokens.Range} (default 1000000)."
            | Batch_Tokens _ -> $"tokens of its steps, {Limits.batchTokens.Range} (default 4096)."
            | Svg _ -> "write the drawing to a file, as a picture."

/// `a3 show`: draws the meaning of a specification. Runs no model.
[<RequireQualifiedAccess>]
module Show =

    let example = "a3 show \"random 7 | chunks 4\" --length 16"

    /// What training does where nothing else is said.
    let private standard = A3.TrainingOptions(Data = [||], Output = "")

    /// Writes the picture where one is asked for, before anything is drawn.
    let private save
        (invocation: Invocation)
        (arguments: ParseResults<ShowArguments>)
        length
        (picture: unit -> string)
        =
        match arguments.TryGetResult ShowArguments.Svg with
        | Some path when length > PartitionSvg.longest ->
            raise (
                MisuseException
                    $"--svg {Shown.Text path}: pictures hold up to {PartitionSvg.longest} positions, not {length}."
            )
        | Some path ->
            File.WriteAllText(path, picture ())
            invocation.Output |> Output.note $"drawn in {Shown.Text path}"
        | None -> ()

    let private groupsJson partition =
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
    let private shapeOf (invocation: Invocation) (arguments: ParseResults<ShowArguments>) grouping =
        match arguments.TryGetResult ShowArguments.Text, arguments.TryGetResult ShowArguments.Length with
        | Some _, Some _ -> raise (MisuseException "--text and --length; give one of the two.")
        | Some text, None ->
            let tokenizer = ModelFolder.find invocation.Model |> A3.Tokenizer.Load
            let tokens = tokenizer.Encode(text, true)
            Limit.check "positions of --text:" Limits.drawn tokens.Length |> ignore
            A3.Runtime.Api.TextShape.Of(System.ReadOnlySpan tokens, tokenizer)
        | None, length ->
            grouping
            |> Options.refuseNeeds "grouping" "which positions alone have none of; give a text with --text."

            length |> Limit.orElse 16 "--length" Limits.drawn |> Shape.ofLength

    let private showPartition (invocation: Invocation) (arguments: ParseResults<ShowArguments>) text =
        if
            arguments.Contains ShowArguments.Tokens
            || arguments.Contains ShowArguments.Batch_Tokens
        then
            raise (MisuseException "--tokens and --batch-tokens are for curricula; a grouping has no run.")

        let recipe = Options.grouping invocation.Output "grouping" text
        let shape = shapeOf invocation arguments recipe

        let grouping =
            recipe
            |> match invocation.Seed with
               | Some seed -> Grouping.reseed (Seed.ofInt64 seed)
               | None -> id
            |> match arguments.TryGetResult ShowArguments.Given with
               | Some given ->
                   let regions = Options.regions "--given" given
                   fun grouping -> Grouping.Given(regions, grouping)
               | None -> id

        Options.remarkAt invocation.Output $"at {shape.Length} positions" shape grouping
        let partition = grouping |> Grouping.resolve shape
        let title = Grouping.print grouping
        let sorted = arguments.Contains ShowArguments.Sorted
        save invocation arguments shape.Length (fun () -> PartitionSvg.draw sorted title partition)

        if invocation.Output.Json then
            invocation.Output |> Output.json (partitionJson title partition)
        else
            invocation.Output
            |> Output.lines (PartitionText.draw invocation.Output.Ink invocation.Output.Width sorted title partition)

    let private sampleJson title length sample =
        let partition (progress, partition) =
            Json.record
                [
                    "progress", Json.number progress
                    "evidence_groups", Json.whole (Partition.evidenceGroups partition)
                    "groups", groupsJson partition
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
    let private plan (arguments: ParseResults<ShowArguments>) length =
        {
            Tokens =
                arguments.TryGetResult ShowArguments.Tokens
                |> Limit.orElse standard.Tokens "--tokens" Limits.tokens
            TokensPerStep =
                arguments.TryGetResult ShowArguments.Batch_Tokens
                |> Limit.orElse standard.BatchTokens "--batch-tokens" Limits.batchTokens
                |> float
            Context = max length A3.TrainingOptions.StandardContext
        }

    let private course name plan curriculum =
        match Course.tryFit plan curriculum with
        | Ok course -> course
        | Error error -> raise (MisuseException $"curriculum {name}: {error.Message}")

    let private showCurriculum (invocation: Invocation) (arguments: ParseResults<ShowArguments>) name curriculum =
        if
            arguments.Contains ShowArguments.Sorted
            || arguments.Contains ShowArguments.Given
            || arguments.Contains ShowArguments.Text
        then
            raise (MisuseException "--sorted, --given and --text are for groupings; a curriculum draws what is given.")

        let length =
            arguments.TryGetResult ShowArguments.Length
            |> Limit.orElse 64 "--length" Limits.drawnCurriculum

        let plan = plan arguments length

        let sample =
            course name plan curriculum
            |> CurriculumSample.draw length (Seed.ofInt64 (defaultArg invocation.Seed 0L)) plan

        save invocation arguments length (fun () -> CurriculumSvg.draw name sample)

        if invocation.Output.Json then
            invocation.Output
            |> Output.json (sampleJson (Curriculum.print curriculum) length sample)
        else
            invocation.Output
            |> Output.lines (CurriculumText.draw invocation.Output.Ink invocation.Output.Width name sample)

    let private curriculumWord = "curriculum"

    /// The text of a curriculum, where that is what is asked for: behind the word `curriculum`, by which itself is meant the
    /// one that training takes by default, or a built-in name, which no grouping has.
    let private curriculumOf (text: string) =
        if text = curriculumWord then
            Some(standard.Curriculum)
        elif text.StartsWith(curriculumWord + " ", System.StringComparison.Ordinal) then
            Some(text.Substring(curriculumWord.Length).Trim())
        elif Curriculum.builtIn |> List.exists (fun (name, _) -> name = text) then
            Some text
        else
            None

    /// A mistyped name of a curriculum is no grouping, and the words of groupings are no help with it.
    let private refuseNearCurriculum text =
        let names = Curriculum.builtIn |> List.map fst

        match Grouping.parse text, Suggestion.nearest names text with
        | Error _, Some near ->
            raise (
                MisuseException
                    $"\"{A3.Shown.Text text}\": is neither a grouping nor the name of a curriculum{Suggestion.asked (Some near)}"
            )
        | Error _, None
        | Ok _, _ -> ()

    let run (invocation: Invocation) (arguments: ParseResults<ShowArguments>) =
        let given = arguments.GetResult(ShowArguments.Specification, []) |> Options.joined

        let text =
            match given.Trim(), invocation.Grouping with
            | "", Some grouping -> grouping
            | "", None -> "random 7 | chunks 4"
            | _, Some _ -> raise (MisuseException "a specification and --grouping; give one of the two.")
            | text, None -> text

        match curriculumOf text with
        | Some text -> showCurriculum invocation arguments text (Options.curriculum invocation.Output "curriculum" text)
        | None ->
            refuseNearCurriculum text
            showPartition invocation arguments text
