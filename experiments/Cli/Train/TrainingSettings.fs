namespace A3.Cli

open A3

/// Options of `a3 train`, which become `TrainingOptions` here.
[<RequireQualifiedAccess>]
module TrainingSettings =

    /// Nothing but the defaults.
    let usual = TrainingOptions(Data = [||], Output = "")

    /// Of `--train`: low-rank additions.
    let lowRank = "lora"

    let private number access limit help = Setting.number usual access limit help

    let private existing (given: Given) = ModelFolder.find (Some given.Text)

    /// Where the texts come from and what is made of them.
    let private data: Setting<TrainingOptions> list =
        [
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Data @>
                "text files, in which lines <|endoftext|> separate documents (else each file is one), or JSON lines (.jsonl, .ndjson; a .json whose first line is an object)."
                (fun given -> Array.ofList given.Texts)
            Setting.text
                <@ fun (options: TrainingOptions) -> options.Output @>
                "the directory of the run: checkpoints, manifest, metrics.jsonl, TensorBoard events."
            |> Setting.named "out"
            Setting.create
                "resume"
                Form.Text
                $"""go on with the run in a directory; it knows its options, of which {ResumeSettings.names} may be changed."""
                (fun _ options -> options)
            Setting.text
                <@ fun (options: TrainingOptions) -> options.Curriculum @>
                $"groupings to train on, by progress: a name (paper, adapt, ar, direct, infill, masked-diffusion) or a text; a3 show draws it (default {usual.Curriculum})."
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Validation @>
                "a file that is never trained on; may be given several times."
                (fun given -> Array.ofList given.Texts)
            Setting.text
                <@ fun (options: TrainingOptions) -> options.Field @>
                $"the field of JSON lines that holds the text (default {usual.Field})."
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.BrokenLines @>
                "what becomes of lines without usable text: fail, or skip, counted and reported (default fail)."
                (Setting.choice [ "fail", BrokenLines.Fail; "skip", BrokenLines.Skip ])
            Setting.text
                <@ fun (options: TrainingOptions) -> options.Cache @>
                "a folder of token caches that runs may share (default: in the directory of the run)."
            Setting.flag
                <@ fun (options: TrainingOptions) -> options.Pack @>
                "fill sequences with several documents, which do not attend to each other."
            number
                <@ fun (options: TrainingOptions) -> options.Crop @>
                Limits.crop
                "share of rows cut to a run of whole sentences"
        ]

    /// What is trained.
    let private network: Setting<TrainingOptions> list =
        [
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Initial @>
                "start from a LLaMA or A3 checkpoint, with its tokenizer and architecture (as --model does)."
                existing
            |> Setting.named "init"
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.QueryStart @>
                "what the query stream starts from: learned, one vector for all positions, or preceding, where it is known the token before (default: as --init, where that is causal preceding; else learned)."
                (Setting.choice [ "learned", QueryStart.Learned; "preceding", QueryStart.Preceding ])
            Setting.text
                <@ fun (options: TrainingOptions) -> options.Train @>
                $"parameters of --init that are trainable: all, {lowRank}, or names and patterns of tensors (\"model.query_embed *norm*\"); the others are frozen (default all)."
            number
                <@ fun (options: TrainingOptions) -> options.Rank @>
                Limits.rank
                $"rank of the matrices that {lowRank} adds to each weight matrix"
            number
                <@ fun (options: TrainingOptions) -> options.Alpha @>
                Limits.alpha
                $"scale of what {lowRank} adds, divided by the rank"
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Tokenizer @>
                "use the tokenizer of a directory (default: train one on the files)."
                existing
            number
                <@ fun (options: TrainingOptions) -> options.Vocabulary @>
                Limits.learnedVocabulary
                "tokens of a freshly trained vocabulary"
            number <@ fun (options: TrainingOptions) -> options.Width @> Limits.width "width of the hidden states"
            number <@ fun (options: TrainingOptions) -> options.Layers @> Limits.layers "number of blocks"
            number
                <@ fun (options: TrainingOptions) -> options.Heads @>
                Limits.heads
                "attention heads, each an equal, even part of the width"
            Setting.numberOr
                $"what --init can hold, else {TrainingOptions.StandardContext}"
                <@ fun (options: TrainingOptions) -> options.Context @>
                Limits.context
                "longest sequence in tokens"
        ]

    /// How far and how fast.
    let private steps: Setting<TrainingOptions> list =
        [
            number
                <@ fun (options: TrainingOptions) -> options.Tokens @>
                Limits.tokens
                "tokens that the run sees; with --resume more than it had: beyond what was planned the run goes on as it ended, in its last stage and at the final learning rate"
            number
                <@ fun (options: TrainingOptions) -> options.BatchTokens @>
                Limits.batchTokens
                "tokens of one micro-batch, a forward and a backward pass"
            number
                <@ fun (options: TrainingOptions) -> options.GradientAccumulationSteps @>
                Limits.gradientAccumulationSteps
                "gradient accumulation steps: micro-batches of one optimizer step"
            |> Setting.formerly "accumulate"
            number
                <@ fun (options: TrainingOptions) -> options.ParallelMicroBatches @>
                Limits.parallelMicroBatches
                "data-parallel micro-batches: how many run at a time, each with its share of the processors"
            |> Setting.formerly "lanes"
            Setting.flag
                <@ fun (options: TrainingOptions) -> options.ActivationCheckpointing @>
                "activation checkpointing: the backward pass computes each block once more, a third more work, a fraction of the memory."
            |> Setting.formerly "recompute"
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Compute @>
                "number type of forward and backward passes: float32, bfloat16 or float16; trainable parameters stay float32 (default float32)."
                (Setting.choice Invocation.numberTypes)
            Setting.textBy
                <@ fun (options: TrainingOptions) -> options.Optimizer @>
                "optimizer: adamw, or muon for the matrices of the blocks (default adamw)."
                (Setting.choice [ "adamw", Optimizer.AdamW; "muon", Optimizer.Muon ])
            number <@ fun (options: TrainingOptions) -> options.LearningRate @> Limits.learningRate "peak learning rate"
            number
                <@ fun (options: TrainingOptions) -> options.Warmup @>
                Limits.warmup
                "share of the run over which the learning rate rises"
            number
                <@ fun (options: TrainingOptions) -> options.FinalRate @>
                Limits.finalRate
                "learning rate at the end, as a share of its peak"
            number
                <@ fun (options: TrainingOptions) -> options.WeightDecay @>
                Limits.weightDecay
                "weight decay of matrices, per unit of learning rate"
            number <@ fun (options: TrainingOptions) -> options.Clip @> Limits.clip "norm that gradients are clipped to"
            Setting.flag
                <@ fun (options: TrainingOptions) -> options.Distil @>
                "distillation: the content stream learns what --init predicts, not the text, so that its causal ability stays."
            number
                <@ fun (options: TrainingOptions) -> options.DistilQueries @>
                Limits.distilQueries
                "with --distil: share of their loss by which queries that attend to every token before them learn the same"
            number
                <@ fun (options: TrainingOptions) -> options.ContentWeight @>
                Limits.contentWeight
                "weight of the content stream's causal loss"
        ]

    /// What is saved and measured.
    let private records: Setting<TrainingOptions> list =
        [
            number
                <@ fun (options: TrainingOptions) -> options.CheckpointSeconds @>
                Limits.checkpointSeconds
                "seconds between checkpoints"
            number
                <@ fun (options: TrainingOptions) -> options.Keep @>
                Limits.keep
                "checkpoints that are kept, the last ones, beside the best"
            number
                <@ fun (options: TrainingOptions) -> options.ValidateEvery @>
                Limits.validateEvery
                "steps between validations"
            number
                <@ fun (options: TrainingOptions) -> options.ValidationRows @>
                Limits.validationRows
                "rows of a validation"
        ]

    let all = data @ network @ steps @ records
