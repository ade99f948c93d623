namespace A3.Cli

open Argu

/// Arguments of `a3 train`, as Argu reads them.
[<RequireQualifiedAccess>]
type TrainArguments =
    | [<MainCommand>] Data of FILES: string list
    | [<Unique>] Out of DIR: string
    | [<Unique>] Resume of DIR: string
    | [<Unique>] Curriculum of TEXT: string
    | Validation of FILE: string
    | [<Unique>] Field of NAME: string
    | [<Unique>] Broken_Lines of NAME: string
    | [<Unique>] Cache of DIR: string
    | [<Unique>] Pack
    | [<Unique>] Init of DIR: string
    | [<Unique>] Query_Start of NAME: string
    | [<Unique>] Train of WEIGHTS: string
    | [<Unique>] Rank of NUMBER: string
    | [<Unique>] Alpha of NUMBER: string
    | [<Unique>] Tokenizer of DIR: string
    | [<Unique>] Tokens of COUNT: string
    | [<Unique>] Batch_Tokens of COUNT: string
    | [<Unique>] Gradient_Accumulation_Steps of COUNT: string
    | [<Unique; Hidden>] Accumulate of COUNT: string
    | [<Unique>] Parallel_Micro_Batches of COUNT: string
    | [<Unique; Hidden>] Lanes of COUNT: string
    | [<Unique>] Activation_Checkpointing
    | [<Unique; Hidden>] Recompute
    | [<Unique>] Compute of NAME: string
    | [<Unique>] Context of POSITIONS: string
    | [<Unique>] Vocabulary of TOKENS: string
    | [<Unique>] Width of NUMBER: string
    | [<Unique>] Layers of NUMBER: string
    | [<Unique>] Heads of NUMBER: string
    | [<Unique>] Optimizer of NAME: string
    | [<Unique>] Learning_Rate of NUMBER: string
    | [<Unique>] Warmup of SHARE: string
    | [<Unique>] Final_Rate of SHARE: string
    | [<Unique>] Weight_Decay of NUMBER: string
    | [<Unique>] Clip of NORM: string
    | [<Unique>] Distil
    | [<Unique>] Distil_Queries of SHARE: string
    | [<Unique>] Content_Weight of NUMBER: string
    | [<Unique>] Crop of SHARE: string
    | [<Unique>] Checkpoint_Seconds of SECONDS: string
    | [<Unique>] Keep of CHECKPOINTS: string
    | [<Unique>] Validate_Every of STEPS: string
    | [<Unique>] Validation_Rows of ROWS: string

    interface IArgParserTemplate with
        member argument.Usage = Settings.help TrainingSettings.all argument
