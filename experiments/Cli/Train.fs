namespace A3.Cli

open System
open System.Text.RegularExpressions
open Argu
open A3.Runtime

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
    | [<Unique>] Rank of NUMBER: int
    | [<Unique>] Alpha of NUMBER: float
    | [<Unique>] Tokenizer of DIR: string
    | [<Unique>] Tokens of COUNT: int64
    | [<Unique>] Batch_Tokens of COUNT: int
    | [<Unique>] Accumulate of PASSES: int
    | [<Unique>] Lanes of COUNT: int
    | [<Unique>] Recompute
    | [<Unique>] Compute of NumberTypeName
    | [<Unique>] Context of POSITIONS: int
    | [<Unique>] Vocabulary of TOKENS: int
    | [<Unique>] Width of NUMBER: int
    | [<Unique>] Layers of NUMBER: int
    | [<Unique>] Heads of NUMBER: int
    | [<Unique>] Optimizer of OptimizerName
    | [<Unique>] Learning_Rate of NUMBER: float
    | [<Unique>] Warmup of SHARE: float
    | [<Unique>] Final_Rate of SHARE: float
    | [<Unique>] Weight_Decay of NUMBER: float
    | [<Unique>] Clip of NORM: float
    | [<Unique>] Distil
    | [<Unique; CustomCommandLine("--distil-queries")>] DistilQueries of SHARE: float
    | [<Unique>] Content_Weight of NUMBER: float
    | [<Unique>] Crop of SHARE: float
    | [<Unique>] Checkpoint_Seconds of SECONDS: float
    | [<Unique>] Keep of CHECKPOINTS: int
    | [<Unique>] Validate_Every of STEPS: int
    | [<Unique>] Validation_Rows of ROWS: int

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Data _ ->
                "text files, in which lines <|endoftext|> separate documents (else each file is one), or JSON lines (.jsonl, .ndjson; a .json whose first line is an object)."
            | Out _ -> "the directory of the run: checkpoints, manifest, metrics.jsonl, TensorBoard events."
            | Resume _ -> "go on with the run in a directory; it knows all its options."
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
            | Rank _ -> "rank of what lora adds to each matrix (default 8)."
            | Alpha _ -> "what lora adds counts this over its rank (default 16)."
            | Tokenizer _ -> "use the tokenizer of a directory (default: train one on the files)."
            | Tokens _ -> "how many tokens the run sees (default 1000000)."
            | Batch_Tokens _ -> "tokens of one forward and backward pass (default 4096)."
            | Accumulate _ -> "passes of one optimizer step (default 1)."
            | Lanes _ -> "passes of a step that run at a time, each with its share of the processors (default 1)."
            | Recompute -> "keep one block's memory in place of all: a third more work."
            | Compute _ -> "number type of passes, float32 (default) or bfloat16; what trains stays float32."
            | Context _ -> "longest sequence (default: what --init can hold, else 256)."
            | Vocabulary _ -> "size of a freshly trained vocabulary (default 2048)."
            | Width _ -> "width of the hidden states (default 192)."
            | Layers _ -> "number of blocks (default 6)."
            | Heads _ -> "attention heads (default 6)."
            | Optimizer _ -> "adamw (the default), or muon for the blocks' matrices."
            | Learning_Rate _ -> "the peak learning rate (default 0.001)."
            | Warmup _ -> "share of the run over which the learning rate rises (default 0.02)."
            | Final_Rate _ -> "share of the peak that is left of the learning rate at the end (default 0.1)."
            | Weight_Decay _ -> "decay of matrices (default 0.1)."
            | Clip _ -> "largest norm of the gradient (default 1)."
            | Distil -> "the content stream learns what --init predicts, not the text: its causal ability stays."
            | DistilQueries _ ->
                "with --distil: the share of their loss by which queries that see every token before them learn the same (default 0)."
            | Content_Weight _ -> "weight of the content stream's causal loss (default 0)."
            | Crop _ -> "share of rows cut to a run of whole sentences (default 0.3)."
            | Checkpoint_Seconds _ -> "seconds between checkpoints (default 120)."
            | Keep _ -> "how many of the last checkpoints are kept, beside the best (default 2)."
            | Validate_Every _ -> "steps between validations (default 200)."
            | Validation_Rows _ -> "rows of a validation (default 64)."

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
        | AdamW -> A3.Runtime.Optimizer.AdamW
        | Muon -> A3.Runtime.Optimizer.Muon

    let private queryStart name =
        match name with
        | Learned -> A3.QueryStart.Learned
        | Preceding -> A3.QueryStart.Preceding

    let private options (invocation: Invocation) output (arguments: ParseResults<TrainArguments>) =
        let standard = TrainingOptions(Data = [||], Output = "")

        let curriculum =
            oneOf "--curriculum" "--grouping" (arguments.TryGetResult TrainArguments.Curriculum) invocation.Grouping
            |> Option.defaultValue standard.Curriculum

        Options.specification "curriculum" A3.Model.Curriculum.parse curriculum
        |> ignore

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
            Rank = arguments.GetResult(TrainArguments.Rank, standard.Rank),
            Alpha = arguments.GetResult(TrainArguments.Alpha, standard.Alpha),
            Tokenizer = (arguments.TryGetResult TrainArguments.Tokenizer |> existing),
            Vocabulary = arguments.GetResult(TrainArguments.Vocabulary, standard.Vocabulary),
            Width = arguments.GetResult(TrainArguments.Width, standard.Width),
            Layers = arguments.GetResult(TrainArguments.Layers, standard.Layers),
            Heads = arguments.GetResult(TrainArguments.Heads, standard.Heads),
            Context = (arguments.TryGetResult TrainArguments.Context |> Option.toNullable),
            Tokens = arguments.GetResult(TrainArguments.Tokens, standard.Tokens),
            BatchTokens = arguments.GetResult(TrainArguments.Batch_Tokens, standard.BatchTokens),
            Accumulate = arguments.GetResult(TrainArguments.Accumulate, standard.Accumulate),
            Lanes = arguments.GetResult(TrainArguments.Lanes, standard.Lanes),
            Recompute = arguments.Contains TrainArguments.Recompute,
            Compute = (arguments.GetResult(TrainArguments.Compute, Float32) |> Options.numberType),
            Crop = arguments.GetResult(TrainArguments.Crop, standard.Crop),
            LearningRate = arguments.GetResult(TrainArguments.Learning_Rate, standard.LearningRate),
            Warmup = arguments.GetResult(TrainArguments.Warmup, standard.Warmup),
            FinalRate = arguments.GetResult(TrainArguments.Final_Rate, standard.FinalRate),
            Optimizer =
                (arguments.TryGetResult TrainArguments.Optimizer
                 |> Option.map optimizer
                 |> Option.defaultValue standard.Optimizer),
            WeightDecay = arguments.GetResult(TrainArguments.Weight_Decay, standard.WeightDecay),
            Clip = arguments.GetResult(TrainArguments.Clip, standard.Clip),
            Distil = arguments.Contains TrainArguments.Distil,
            DistilQueries = arguments.GetResult(TrainArguments.DistilQueries, standard.DistilQueries),
            ContentWeight = arguments.GetResult(TrainArguments.Content_Weight, standard.ContentWeight),
            Seed = defaultArg invocation.Seed standard.Seed,
            CheckpointSeconds = arguments.GetResult(TrainArguments.Checkpoint_Seconds, standard.CheckpointSeconds),
            Keep = arguments.GetResult(TrainArguments.Keep, standard.Keep),
            ValidateEvery = arguments.GetResult(TrainArguments.Validate_Every, standard.ValidateEvery),
            ValidationRows = arguments.GetResult(TrainArguments.Validation_Rows, standard.ValidationRows),
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

    /// The directory of the run, and what prepares it.
    let private prepared (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        match arguments.TryGetResult TrainArguments.Resume, arguments.TryGetResult TrainArguments.Out with
        | Some folder, _ when
            arguments.GetAllResults().Length > 1
            || invocation.Grouping.IsSome
            || invocation.Model.IsSome
            || invocation.Seed.IsSome
            ->
            raise (MisuseException $"--resume {folder} goes on with the options of that run; give no others.")
        | Some folder, _ -> folder, fun preparation -> Trainer.Resume(folder, preparation, invocation.Cancellation)
        | None, None -> raise (MisuseException $"train needs --out DIR for its checkpoint: {example}")
        | None, Some folder ->
            let options = options invocation folder arguments

            if options.Data.Count = 0 then
                raise (MisuseException $"train needs text files: {example}")

            for word in Seq.append options.Data options.Validation do
                Options.joined [ word ] |> ignore

            folder, fun preparation -> Trainer.Start(options, preparation, invocation.Cancellation)

    let run (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        let folder, prepare = prepared invocation arguments
        let output = invocation.Output

        use trainer =
            try
                prepare (TrainingDisplay.preparing output)
            with error ->
                TrainingDisplay.finish output

                match error with
                | :? ArgumentException as error -> raise (MisuseException(named (Outcome.argumentMessage error)))
                | _ -> reraise ()

        try
            try
                trainer.Run(TrainingDisplay.reporting output, invocation.Cancellation)
            finally
                TrainingDisplay.finish output
        with :? OperationCanceledException ->
            raise (StoppedException $"stopped at step {trainer.Step} and saved; go on with: a3 train --resume {folder}")

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
