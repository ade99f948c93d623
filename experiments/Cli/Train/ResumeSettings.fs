namespace A3.Cli

open A3

/// Options of `a3 train --resume`, which become `ResumeOptions` here, beside `--device`.
[<RequireQualifiedAccess>]
module ResumeSettings =

    /// The help stands with the options of a new run.
    let private number access limit = Setting.numberOr "" access limit ""

    let all: Setting<ResumeOptions> list =
        [
            number <@ fun (options: ResumeOptions) -> options.Tokens @> Limits.tokens
            Setting.text <@ fun (options: ResumeOptions) -> options.Cache @> ""
            number <@ fun (options: ResumeOptions) -> options.Keep @> Limits.keep
            number <@ fun (options: ResumeOptions) -> options.CheckpointSeconds @> Limits.checkpointSeconds
            number <@ fun (options: ResumeOptions) -> options.ParallelMicroBatches @> Limits.parallelMicroBatches
            |> Setting.formerly "lanes"
            Setting.flag <@ fun (options: ResumeOptions) -> options.ActivationCheckpointing @> ""
            |> Setting.formerly "recompute"
        ]

    let private device = "--device"

    /// Whether a run that is resumed may be given an option.
    let allows option =
        option = device
        || option = "--resume"
        || all
           |> List.exists (fun setting ->
               List.contains option [ for name in setting.Name :: setting.OldNames -> "--" + name ])

    /// The options in words.
    let names =
        let options = [ for setting in all -> "--" + setting.Name ]
        $"""{String.concat ", " options} and {device}"""
