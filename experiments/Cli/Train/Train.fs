namespace A3.Cli

open System
open System.Text.RegularExpressions
open Argu
open A3

/// `a3 train`: makes a checkpoint of texts.
[<RequireQualifiedAccess>]
module Train =

    let example =
        "a3 train stories.txt --out runs/mine --curriculum infill --tokens 2000000"

    /// `LearningRate = 5: ...` as `--learning-rate 5: ...`.
    let private named (message: string) =
        let property = Regex.Match(message, "^([A-Z][A-Za-z]*) = ").Groups[1].Value

        match
            TrainingSettings.all
            |> List.tryFind (fun setting -> property <> "" && setting.Property = property)
        with
        | Some setting -> $"--{setting.Name} {message.Substring(property.Length + 3)}"
        | None -> message

    /// Options that every command understands, in the place of the command's own.
    let private underOtherNames (invocation: Invocation) given =
        Rules.check
            [
                invocation.Grouping.IsSome && List.contains "--curriculum" given,
                "--curriculum and --grouping say the same; give one of the two."
                invocation.Model.IsSome && List.contains "--init" given,
                "--init and --model say the same; give one of the two."
            ]

        [
            match invocation.Grouping with
            | Some text -> "curriculum", text
            | None -> ()
            match invocation.Model with
            | Some folder -> "init", folder
            | None -> ()
        ]

    let private set (options: TrainingOptions) (name, text) =
        let setting = TrainingSettings.all |> List.find (fun setting -> setting.Name = name)

        setting.Set
            {
                Name = "--" + name
                Texts = [ text ]
                Remark = ignore
            }
            options

    /// What the command line asks for.
    let private options (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        let others = underOtherNames invocation (Settings.given arguments)

        let options =
            Settings.bind invocation.Output TrainingSettings.all arguments TrainingSettings.usual
            |> fun bound -> List.fold set bound others

        TextForms.curriculum (Invocation.remark invocation) "curriculum" options.Curriculum
        |> ignore

        options
        |> Record.withValue
            (Record.property <@ fun (options: TrainingOptions) -> options.Seed @>)
            (box (defaultArg invocation.Seed options.Seed))
        |> Record.withValue
            (Record.property <@ fun (options: TrainingOptions) -> options.SavedAs @>)
            (box invocation.NumberType)
        |> Record.withValue
            (Record.property <@ fun (options: TrainingOptions) -> options.Device @>)
            (box invocation.Device)

    /// Options whose part another option takes.
    let private noteIdle output (arguments: ParseResults<TrainArguments>) =
        let given = Settings.given arguments
        let isGiven option = List.contains option given
        let starts = isGiven "--init"

        let addsRanks =
            arguments.TryGetResult TrainArguments.Train
            |> Option.exists (fun train -> Array.contains TrainingSettings.lowRank (train.Split ' '))

        let idle =
            [
                if starts then
                    for option in [ "--width"; "--layers"; "--heads" ] do
                        option, "the network is that of --init"

                    "--vocabulary", "the tokenizer is that of --init or --tokenizer"
                elif isGiven "--tokenizer" then
                    "--vocabulary", "the tokenizer is that of --tokenizer"
                if not addsRanks then
                    for option in [ "--rank"; "--alpha" ] do
                        option, $"it is for --train {TrainingSettings.lowRank}"
                if not (isGiven "--validation") then
                    for option in [ "--validate-every"; "--validation-rows" ] do
                        option, "there is no --validation FILE"
            ]

        for option, reason in idle do
            if isGiven option then
                output |> Output.note $"{option} has no effect: {reason}."

    /// What a run that is resumed is given.
    let private changes (invocation: Invocation) arguments =
        let changes =
            Settings.bind invocation.Output ResumeSettings.all arguments (ResumeOptions())

        if List.contains "--device" invocation.Given then
            changes
            |> Record.withValue
                (Record.property <@ fun (options: ResumeOptions) -> options.Device @>)
                (box invocation.Device)
        else
            changes

    /// Refuses what a run that is resumed has of its own.
    let private demandChangeable folder (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        let others =
            invocation.Given @ Settings.given arguments
            |> List.filter (ResumeSettings.allows >> not)

        match others with
        | [] -> ()
        | other :: _ ->
            let named =
                if other = "--data" then
                    $"the file {Shown.Text(List.head (arguments.GetResult TrainArguments.Data))}"
                else
                    other

            raise (
                UsageException
                    $"--resume {Shown.Text folder} goes on with the options of that run: {named} cannot be changed ({ResumeSettings.names} can)."
            )

    /// The directory of the run, and what prepares it.
    let private prepared (invocation: Invocation) (arguments: ParseResults<TrainArguments>) =
        match arguments.TryGetResult TrainArguments.Resume, arguments.TryGetResult TrainArguments.Out with
        | Some folder, _ ->
            demandChangeable folder invocation arguments
            let changes = changes invocation arguments
            folder, fun preparation -> Trainer.Resume(folder, changes, preparation, invocation.Cancellation)
        | None, None -> raise (UsageException $"train needs --out DIR for its checkpoint: {example}")
        | None, Some folder ->
            let options = options invocation arguments

            if options.Data.Count = 0 then
                raise (UsageException $"train needs text files: {example}")

            for word in Seq.append options.Data options.Validation do
                Words.joined [ word ] |> ignore

            folder, fun preparation -> Trainer.Start(options, preparation, invocation.Cancellation)

    /// The trainer; where it is stopped before it is one, what is on the disk.
    let private trainerOf output folder prepare =
        try
            TrainingDisplay.preparing output prepare: Trainer
        with
        | :? OperationCanceledException ->
            let kept =
                match Trainer.LastStep folder |> Option.ofNullable with
                | Some step -> $"step {step} is on the disk as it was; go on with: a3 train --resume {folder}"
                | None -> "nothing is saved yet; begin again with the same command."

            raise (StoppedException $"stopped before the first step: {kept}")
        | :? RequestException as error -> raise (UsageException(named error.Message))
        | :? ArgumentException as error -> raise (UsageException(named (Outcome.argumentMessage error)))

    /// What a report could not be written for.
    type private UnwrittenException(cause: exn) =
        inherit Exception(cause.Message, cause)

    let private unwritten (inner: IProgress<TrainingProgress>) =
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
            TrainingDisplay.training output (fun report -> trainer.Run(unwritten report, invocation.Cancellation))
        with
        | :? OperationCanceledException -> raise (StoppedException(saved ()))
        | :? UnwrittenException as error -> raise (A3Exception($"{error.Message} The run is {saved ()}", error))

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
