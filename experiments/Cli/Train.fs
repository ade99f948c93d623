namespace A3.Cli

open System
open System.Text.RegularExpressions
open Argu
open A3
open A3.Runtime.Sampling
open A3.Torch.Training

/// `--broken-lines`.
type BrokenLinesName =
    | Fail
    | Skip

/// `--optimizer`.
type OptimizerName =
    | AdamW
    | Muon

/// `--query-start`.
type QueryStartName =
    | Learned
    | Preceding

/// Arguments of `a3 train`.
[<RequireQualifiedAccess>]
type TrainArguments =
    | [<MainCommand>] Data of FILES: string list
    | [<Unique>] Out of DIR: string
    | [<Unique>] Resume of DIR: string
    | [<Unique>] Curriculum of TEXT: string
    | Validation of FILE: string
    | [<Unique>] Field of NAME: string
    | [<Unique>] Broken_Lines of BrokenLinesName
    | [<Unique>] Cache of DIR: string
    | [<Unique>] Pack
    | [<Unique>] Init of DIR: string
    | [<Unique>] Query_Start of QueryStartName
    | [<Unique>] Train of WEIGHTS: string
    | [<Unique>] Rank of NUMBER: string
    | [<Unique>] Alpha of NUMBER: string
    | [<Unique>] Tokenizer of DIR: string
    | [<Unique>] Tokens of COUNT: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Accumulate of PASSES: string
    | [<Unique>] Lanes of COUNT: string
    | [<Unique>] Recompute
    | [<Unique>] Compute of NumberTypeName
    | [<Unique>] Context of POSITIONS: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique>] Optimizer of OptimizerName
    | [<Unique>] Learning_Rate of NUMBER: string
    | [<Unique>] Warmup of SHARE: string
    | [<Unique>] Final_Rate of SHARE: string
    | [<Unique>] Weight_Decay of NUMBER: string
    | [<Unique>] Clip of NORM: string
    | [<Unique>] Distil
    | [<Unique; CustomCommandLine("--distil-queries")>] DistilQueries of SHARE: string
    | [<Unique>] Content_Weight of NUMBER: string
    | [<Unique>] Crop of SHARE: string
    | [<Unique>] Checkpoint_Seconds of SECONDS: string
    | [<Unique>] Keep of CHECKPOINTS: string
    | [<Unique>] Validate_Every of STEPS: string
    | [<Unique>] Validation_Rows of ROWS: string

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Data _ ->
                "text files, in which lines <|endoftext|> separate documents (else each file is one), or JSON lines (.jsonl, .ndjson; a .json whose first line is an object)."
            | Out _ -> "the directory of the run: checkpoints, manifest, metrics.jsonl, TensorBoard events."
            | Resume _ ->
                "go on with the run in a directory; it knows its options, of which --tokens, --cache, --keep, --checkpoint-seconds, --device, --lanes and --recompute may be changed."
            | Curriculum _ ->
                "groups to train on, by progress: a name (paper, the default; adapt, ar, direct, infill, masked-diffusion) or a text; a3 show draws it."
            | Validation _ -> "a file that is never trained on; may be given several times."
            | Field _ -> "the field of JSON lines that holds the text (default text)."
            | Broken_Lines _ ->
                "what becomes of lines without usable text: fail (the default) or skip, counted and reported."
            | Cache _ -> "a folder of token caches that runs may share (default: in the directory of the run)."
            | Pack -> "fill sequences with several documents, which do not see each other."
            | Init _ -> "start from a LLaMA or A3 checkpoint, with its tokenizer and architecture (as --model does)."
            | Query_Start _ ->
                "what queries start from: a vector that is learned, or where it is known the token preceding them (default: as --init, where that is causal preceding; else learned)."
            | Train _ ->
                "what trains of --init: all (the default), lora, or names and patterns of tensors (\"model.query_embed *norm*\"); the rest is frozen."
            | Rank _ -> $"rank of what lora adds to each matrix, {Limits.rank.Range} (default 8)."
            | Alpha _ -> $"what lora adds counts this over its rank, {Limits.alpha.Range} (default 16)."
            | Tokenizer _ -> "use the tokenizer of a directory (default: train one on the files)."
            | Tokens _ ->
                $"how many tokens the run sees, {Limits.tokens.Range} (default 1000000). With --resume more than before: beyond what was planned the run goes on as it ended, in its last stage and at the final learning rate."
            | Batch_Tokens _ -> $"tokens of one forward and backward pass, {Limits.batchTokens.Range} (default 4096)."
            | Accumulate _ -> $"passes of one optimizer step, {Limits.accumulate.Range} (default 1)."
            | Lanes _ ->
                $"passes of a step that run at a time, each with its share of the processors, {Limits.lanes.Range} (default 1)."
            | Recompute -> "keep one block's memory in place of all: a third more work."
            | Compute _ -> "number type of passes, float32 (default) or bfloat16; what trains stays float32."
            | Context _ -> $"longest sequence, {Limits.context.Range} (default: what --init can hold, else 256)."
            | Vocabulary _ -> $"size of a freshly trained vocabulary, {Limits.learnedVocabulary.Range} (default 2048)."
            | Width _ -> $"width of the hidden states, {Limits.width.Range} (default 192)."
            | Layers _ -> $"number of blocks, {Limits.layers.Range} (default 6)."
            | Heads _ ->
                $"attention heads, {Limits.heads.Range} (default 6); each takes an equal, even part of the width."
            | Optimizer _ -> "adamw (the default), or muon for the blocks' matrices."
            | Learning_Rate _ -> $"the peak learning rate, {Limits.learningRate.Range} (default 0.001)."
            | Warmup _ -> $"share of the run over which the learning rate rises, {Limits.warmup.Range} (default 0.02)."
            | Final_Rate _ ->
                $"share of the peak that is left of the learning rate at the end, {Limits.finalRate.Range} (default 0.1)."
            | Weight_Decay _ -> $"decay of matrices, {Limits.weightDecay.Range} (default 0.1)."
            | Clip _ -> $"largest norm of the gradient, {Limits.clip.Range} (default 1)."
            | Distil -> "the content stream learns what --init predicts, not the text: its causal ability stays."
            | DistilQueries _ ->
                $"with --distil: the share of their loss by which queries that see every token before them learn the same, {Limits.distilQueries.Range} (default 0)."
            | Content_Weight _ ->
                $"weight of the content stream's causal loss, {Limits.contentWeight.Range} (default 0)."
            | Crop _ -> $"share of rows cut to a run of whole sentences, {Limits.crop.Range} (default 0.3)."
            | Checkpoint_Seconds _ -> $"seconds between checkpoints, {Limits.checkpointSeconds.Range} (default 120)."
            | Keep _ -> $"how many of the last checkpoints are kept, beside the best, {Limits.keep.Range} (default 2)."
            | Validate_Every _ -> $"steps between validations, {Limits.validateEvery.Range} (default 200)."
            | Validation_Rows _ -> $"rows of a validation, {Limits.validationRows.Range} (default 64)."

/// `a3 train`: makes a checkpoint of texts.
[<RequireQualifiedAccess>]
module Train =

    let example =
        "a3 train stories.txt --out runs/mine --curriculum infill --tokens 2000000"

    /// One of two options that say the same.
    let private oneOf first second (given: string option) (other: string option) =
        match given, other with
        | Some _, Some _ -> raise (MisuseException $"{first} and {second} say the same; give one of the two.")
        | given, other -> Option.orElse other given

    let private existing folder =
        folder |> Option.map (Some >> ModelFolder.find) |> Option.toObj

    let private brokenLines name =
        match name with
        | Fail -> BrokenLines.Fail
        | Skip -> BrokenLines.Skip

    let private optimizer name =
        match name with
        | AdamW -> A3.Optimizer.AdamW
        | Muon -> A3.Optimizer.Muon

    let private queryStart name =
        match name with
        | Learned -> A3.QueryStart.Learned
        | Preceding -> A3.QueryStart.Preceding

    let private options (invocation: Invocation) output (arguments: ParseResults<TrainArguments>) =
        let standard = TrainingOptions(Data = [||], Output = "")

        let curriculum =
            oneOf "--curriculum" "--grouping" (arguments.TryGetResult TrainArguments.Curriculum) invocation.Grouping
            |> Option.defaultValue standard.Curriculum

        Options.curriculum invocation.Output "curriculum" curriculum |> ignore

        TrainingOptions(
            Data = Array.ofList (arguments.GetResult(TrainArguments.Data, [])),
            Output = output,
            Validation = Array.ofList (arguments.GetResults TrainArguments.Validation),
            Field = arguments.GetResult(TrainArguments.Field, standard.Field),
            BrokenLines = (arguments.GetResult(TrainArguments.Broken_Lines, Fail) |> brokenLines),
            Cache = (arguments.TryGetResult TrainArguments.Cache |> Option.toObj),
            Pack = arguments.Contains TrainArguments.Pack,
            Curriculum = curriculum,
            Initial =
                (oneOf "--init" "--model" (arguments.TryGetResult TrainArguments.Init) invocation.Model
                 |> existing),
            QueryStart =
                (arguments.TryGetResult TrainArguments.Query_Start
                 |> Option.map queryStart
                 |> Option.toNullable),
            Train = arguments.GetResult(TrainArguments.Train, standard.Train),
            Rank =
                (arguments.TryGetResult TrainArguments.Rank
                 |> Limit.orElse standard.Rank "--rank" Limits.rank),
            Alpha =
                (arguments.TryGetResult TrainArguments.Alpha
                 |> Limit.orElse standard.Alpha "--alpha" Limits.alpha),
            Tokenizer = (arguments.TryGetResult TrainArguments.Tokenizer |> existing),
            Vocabulary =
                (arguments.TryGetResult TrainArguments.Vocabulary
                 |> Limit.orElse standard.Vocabulary "--vocabulary" Limits.learnedVocabulary),
            Width =
                (arguments.TryGetResult TrainArguments.Width
                 |> Limit.orElse standard.Width "--width" Limits.width),
            Layers =
                (arguments.TryGetResult TrainArguments.Layers
                 |> Limit.orElse standard.Layers "--layers" Limits.layers),
            Heads =
                (arguments.TryGetResult TrainArguments.Heads
                 |> Limit.orElse standard.Heads "--heads" Limits.heads),
            Context =
                (arguments.TryGetResult TrainArguments.Context
                 |> Limit.optional "--context" Limits.context
                 |> Option.toNullable),
            Tokens =
                (arguments.TryGetResult TrainArguments.Tokens
                 |> Limit.orElse standard.Tokens "--tokens" Limits.tokens),
            BatchTokens =
                (arguments.TryGetResult TrainArguments.Batch_Tokens
                 |> Limit.orElse standard.BatchTokens "--batch-tokens" Limits.batchTokens),
            Accumulate =
                (arguments.TryGetResult TrainArguments.Accumulate
                 |> Limit.orElse standard.Accumulate "--accumulate" Limits.accumulate),
            Lanes =
                (arguments.TryGetResult TrainArguments.Lanes
                 |> Limit.orElse standard.Lanes "--lanes" Limits.lanes),
            Recompute = arguments.Contains TrainArguments.Recompute,
            Compute = (arguments.GetResult(TrainArguments.Compute, Float32) |> Options.numberType),
            Crop =
                (arguments.TryGetResult TrainArguments.Crop
                 |> Limit.orElse standard.Crop "--crop" Limits.crop),
            LearningRate =
                (arguments.TryGetResult TrainArguments.Learning_Rate
                 |> Limit.orElse standard.LearningRate "--learning-rate" Limits.learningRate),
            Warmup =
                (arguments.TryGetResult TrainArguments.Warmup
                 |> Limit.orElse standard.Warmup "--warmup" Limits.warmup),
            FinalRate =
                (arguments.TryGetResult TrainArguments.Final_Rate
                 |> Limit.orElse standard.FinalRate "--final-rate" Limits.finalRate),
            Optimizer =
                (arguments.TryGetResult TrainArguments.Optimizer
                 |> Option.map optimizer
                 |> Option.defaultValue standard.Optimizer),
            WeightDecay =
                (arguments.TryGetResult TrainArguments.Weight_Decay
                 |> Limit.orElse standard.WeightDecay "--weight-decay" Limits.weightDecay),
            Clip =
                (arguments.TryGetResult TrainArguments.Clip
                 |> Limit.orElse standard.Clip "--clip" Limits.clip),
            Distil = arguments.Contains TrainArguments.Distil,
            DistilQueries =
                (arguments.TryGetResult TrainArguments.DistilQueries
                 |> Limit.orElse standard.DistilQueries "--distil-queries" Limits.distilQueries),
            ContentWeight =
                (arguments.TryGetResult TrainArguments.Content_Weight
                 |> Limit.orElse standard.ContentWeight "--content-weight" Limits.contentWeight),
            Seed = defaultArg invocation.Seed standard.Seed,
            CheckpointSeconds =
                (arguments.TryGetResult TrainArguments.Checkpoint_Seconds
                 |> Limit.orElse standard.CheckpointSeconds "--checkpoint-seconds" Limits.checkpointSeconds),
            Keep =
                (arguments.TryGetResult TrainArguments.Keep
                 |> Limit.orElse standard.Keep "--keep" Limits.keep),
            ValidateEvery =
                (arguments.TryGetResult TrainArguments.Validate_Every
                 |> Limit.orElse standard.ValidateEvery "--validate-every" Limits.validateEvery),
            ValidationRows =
                (arguments.TryGetResult TrainArguments.Validation_Rows
                 |> Limit.orElse standard.ValidationRows "--validation-rows" Limits.validationRows),
            SavedAs = invocation.NumberType,
            Device = invocation.Device
        )

    /// `LearningRate = 5: ...` as `--learning-rate 5: ...`.
    let private named (message: string) =
        let option = Regex.Match(message, "^[A-Z][A-Za-z]* = ").Value

        if option = "" then
            message
        else
            let kebab = Regex.Replace(option.Replace(" = ", ""), "(?<=[a-z])[A-Z]", "-$0")
            $"--{kebab.ToLowerInvariant()} {message.Substring option.Length}"

    /// Options whose part another option takes.
    let private noteIdle output (arguments: ParseResults<TrainArguments>) =
        let starts = arguments.Contains TrainArguments.Init
        let validates = arguments.Contains TrainArguments.Validation

        let addsRanks =
            arguments.TryGetResult TrainArguments.Train
            |> Option.exists (fun train -> Array.contains A3.Tensors.Trainable.lowRank (train.Split ' '))

        let idle =
            [
                starts && arguments.Contains TrainArguments.Width, "--width", "the network is that of --init"
                starts && arguments.Contains TrainArguments.Layers, "--layers", "the network is that of --init"
                starts && arguments.Contains TrainArguments.Heads, "--heads", "the network is that of --init"
                starts && arguments.Contains TrainArguments.Vocabulary,
                "--vocabulary",
                "the tokenizer is that of --init or --tokenizer"
                not starts
                && arguments.Contains TrainArguments.Tokenizer
                && arguments.Contains TrainArguments.Vocabulary,
                "--vocabulary",
                "the tokenizer is that of --tokenizer"
                not addsRanks && arguments.Contains TrainArguments.Rank, "--rank", "it is for --train lora"
                not addsRanks && arguments.Contains TrainArguments.Alpha, "--alpha", "it is for --train lora"
                not validates && arguments.Contains TrainArguments.Validate_Every,
                "--validate-every",
                "there is no --validation FILE"
                not validates && arguments.Contains TrainArguments.Validation_Rows,
                "--validation-rows",
                "there is no --validation FILE"
            ]

        for isIdle, option, reason in idle do
            if isIdle then
                output |> Output.note $"{option} has no effect: {reason}."

    /// What a run that is resumed may be given, beside `--device`.
    let private changes (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        ResumeOptions(
            Tokens =
                (arguments.TryGetResult TrainArguments.Tokens
                 |> Limit.optional "--tokens" Limits.tokens
                 |> Option.toNullable),
            Cache = (arguments.TryGetResult TrainArguments.Cache |> Option.toObj),
            Keep =
                (arguments.TryGetResult TrainArguments.Keep
                 |> Limit.optional "--keep" Limits.keep
                 |> Option.toNullable),
            CheckpointSeconds =
                (arguments.TryGetResult TrainArguments.Checkpoint_Seconds
                 |> Limit.optional "--checkpoint-seconds" Limits.checkpointSeconds
                 |> Option.toNullable),
            Lanes =
                (arguments.TryGetResult TrainArguments.Lanes
                 |> Limit.optional "--lanes" Limits.lanes
                 |> Option.toNullable),
            Recompute =
                (if arguments.Contains TrainArguments.Recompute then
                     Nullable true
                 else
                     Nullable()),
            Device =
                (if List.contains "--device" invocation.Given then
                     Nullable invocation.Device
                 else
                     Nullable())
        )

    /// The option of an argument as it is written.
    let private written argument =
        match argument with
        | TrainArguments.Data files -> $"the file {files |> List.tryHead |> Option.toObj}"
        | TrainArguments.DistilQueries _ -> "--distil-queries"
        | argument ->
            let case, _ =
                Reflection.FSharpValue.GetUnionFields(argument, typeof<TrainArguments>)

            "--" + case.Name.Replace('_', '-').ToLowerInvariant()

    /// Refuses what a run that is resumed has of its own.
    let private demandChangeable folder (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        let isChangeable argument =
            match argument with
            | TrainArguments.Resume _
            | TrainArguments.Tokens _
            | TrainArguments.Cache _
            | TrainArguments.Keep _
            | TrainArguments.Checkpoint_Seconds _
            | TrainArguments.Lanes _
            | TrainArguments.Recompute -> true
            | _ -> false

        let others =
            List.filter ((<>) "--device") invocation.Given
            @ (arguments.GetAllResults()
               |> List.filter (isChangeable >> not)
               |> List.map written)

        match others with
        | [] -> ()
        | other :: _ ->
            raise (
                MisuseException
                    $"--resume {folder} goes on with the options of that run: {other} cannot be changed (--tokens, --cache, --keep, --checkpoint-seconds, --device, --lanes and --recompute can)."
            )

    /// The directory of the run, and what prepares it.
    let private prepared (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        match arguments.TryGetResult TrainArguments.Resume, arguments.TryGetResult TrainArguments.Out with
        | Some folder, _ ->
            demandChangeable folder invocation arguments
            let changes = changes invocation arguments
            folder, fun preparation -> Trainer.Resume(folder, changes, preparation, invocation.Cancellation)
        | None, None -> raise (MisuseException $"train needs --out DIR for its checkpoint: {example}")
        | None, Some folder ->
            let options = options invocation folder arguments

            if options.Data.Count = 0 then
                raise (MisuseException $"train needs text files: {example}")

            for word in Seq.append options.Data options.Validation do
                Options.joined [ word ] |> ignore

            folder, fun preparation -> Trainer.Start(options, preparation, invocation.Cancellation)

    /// The trainer; where it is stopped before it is one, what is on the disk.
    let private trainerOf output folder prepare =
        try
            (prepare (TrainingDisplay.preparing output): Trainer)
        with error ->
            TrainingDisplay.finish output

            match error with
            | :? OperationCanceledException ->
                let kept =
                    match RunDirectory.LastStep folder |> Option.ofNullable with
                    | Some step -> $"step {step} is on the disk as it was; go on with: a3 train --resume {folder}"
                    | None -> "nothing is saved yet; begin again with the same command."

                raise (StoppedException $"stopped before the first step: {kept}")
            | :? ArgumentException as error -> raise (MisuseException(named (Outcome.argumentMessage error)))
            | :? RequestException as error -> raise (MisuseException(named error.Message))
            | _ -> reraise ()

    /// What a report could not be written for.
    type private UnwrittenException(cause: exn) =
        inherit Exception(cause.Message, cause)

    let private reporting output =
        let inner = TrainingDisplay.reporting output

        { new IProgress<TrainingProgress> with
            member _.Report progress =
                try
                    inner.Report progress
                with :? IO.IOException as error ->
                    raise (UnwrittenException error)
        }

    /// Trains to the end; where it ends before, the trainer has saved.
    let private train (invocation: Invocation) output folder (trainer: Trainer) =
        let saved () =
            $"stopped at step {trainer.Step} and saved; go on with: a3 train --resume {folder}"

        try
            try
                trainer.Run(reporting output, invocation.Cancellation)
            finally
                TrainingDisplay.finish output
        with
        | :? OperationCanceledException -> raise (StoppedException(saved ()))
        | :? UnwrittenException as error -> raise (A3.A3Exception($"{error.Message} The run is {saved ()}", error))

    let run (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        let folder, prepare = prepared invocation arguments
        let output = Output.orLost invocation.Output
        ProcessSettings.KeepFreedMemory()
        use trainer = trainerOf output folder prepare
        noteIdle output arguments
        train invocation output folder trainer

        if output.Json then
            output
            |> Output.json (
                Json.record
                    [
                        "done", Json.flag true
                        "step", Json.whole trainer.Step
                        "tokens", Json.whole trainer.Tokens
                        "directory", Json.text folder
                    ]
            )
        else
            output
            |> Output.line
                $"{trainer.Tokens} tokens, {trainer.Step} steps; the checkpoint is in {folder}. Try: a3 infill --model {folder}"
