namespace A3.Cli

open System
open System.IO
open System.Text.Json
open A3
open A3.Model

/// A stage of a run as its curriculum says it.
type PlannedStage =
    {
        /// Its first token.
        Start: float
        /// Its share of the run.
        Share: float
        Text: string
    }

/// How a run learned: losses by tokens seen, in nats per token.
type RunHistory =
    {
        Steps: int64
        Tokens: float
        /// Loss of the training batches.
        Training: (float * float)[]
        /// Losses on validation rows, by name.
        Validation: (string * (float * float)[]) list
        /// Empty where the run's manifest is not there.
        Stages: PlannedStage list
    }

/// The files of a run: `metrics.jsonl`, and `training.json` for its curriculum.
[<RequireQualifiedAccess>]
module RunHistory =

    let private metricsFile = "metrics.jsonl"
    let private manifestFile = "training.json"

    type private Line =
        {
            Step: int64
            Tokens: float
            Loss: float
            Validation: (string * float) list
        }

    let private broken path complaint =
        raise (A3Exception $"{path}: {complaint}")

    /// More tokens than any run sees, and losses beyond every number of 32 bits.
    let private mostTokens, private largestLoss = 1e15, 1e38

    /// The number of a key, within its range: what is beyond it could not be drawn.
    let private number lowest highest (key: string) (value: JsonElement) =
        let number = value.GetDouble()

        if not (number >= lowest && number <= highest) then
            raise (
                FormatException
                    $"{Shown.Text key} = {Shown.Text(value.GetRawText())}; a number in {Numeral.print lowest}..{Numeral.print highest} is expected"
            )

        number

    let private line (json: JsonElement) =
        let step = json.GetProperty("step").GetInt64()

        if step < 0L then
            raise (FormatException $"step = {string step}; a number from 0 up is expected")

        {
            Step = step
            Tokens = json.GetProperty("tokens") |> number 0.0 mostTokens "tokens"
            Loss = json.GetProperty("loss") |> number -largestLoss largestLoss "loss"
            Validation =
                [
                    for measure in json.GetProperty("validation").EnumerateObject() do
                        measure.Name, measure.Value |> number -largestLoss largestLoss measure.Name
                ]
        }

    /// The lines of a run's metrics; a last one cut short by a kill is left out.
    let private lines path =
        let texts = Input.lines path

        texts
        |> Array.mapi (fun index text ->
            try
                use document = JsonDocument.Parse text
                Some(line document.RootElement)
            with
            | :? JsonException when index = texts.Length - 1 -> None
            | :? JsonException
            | :? InvalidOperationException
            | :? FormatException
            | :? Collections.Generic.KeyNotFoundException as error ->
                broken path $"line {index + 1} is not a line of metrics ({Shown.Text error.Message})")
        |> Array.choose id

    /// The curriculum in full where the manifest keeps it, else by its name.
    let private curriculumText (manifest: JsonElement) =
        match manifest.TryGetProperty "record" with
        | true, record -> record.GetProperty("curriculum").GetString()
        | false, _ -> manifest.GetProperty("curriculum").GetString()

    let private laid path tokensPerStep (manifest: JsonElement) =
        let plan: RunBudget =
            {
                Tokens = manifest.GetProperty("tokens") |> number 1.0 mostTokens "tokens" |> int64
                TokensPerStep = tokensPerStep
                Context = Int32.MaxValue
            }

        match curriculumText manifest |> string |> Curriculum.parse with
        | Error error -> broken path error.Message
        | Ok curriculum ->
            match TrainingSchedule.tryFit plan curriculum with
            | Error error -> broken path error.Message
            | Ok course -> float plan.Tokens, TrainingSchedule.stages course

    let private stages path tokensPerStep =
        use manifest =
            try
                JsonDocument.Parse(String.Join('\n', Input.lines path))
            with :? JsonException as error ->
                broken path $"not a manifest of a run ({Shown.Text error.Message})"

        let tokens, stages =
            try
                laid path tokensPerStep manifest.RootElement
            with
            | :? InvalidOperationException
            | :? FormatException
            | :? Collections.Generic.KeyNotFoundException as error ->
                broken path $"not a manifest of a run ({Shown.Text error.Message})"

        stages
        |> List.mapFold
            (fun start (share, stage) ->
                {
                    Start = start * tokens
                    Share = share
                    Text = Stage.print stage
                },
                start + share)
            0.0
        |> fst

    /// The history of the run in a directory.
    let read directory =
        let path = Path.Combine(directory, metricsFile)

        if not (File.Exists path) then
            broken directory $"holds no {metricsFile}; a directory that a3 train wrote is expected."

        let lines = lines path

        if lines.Length = 0 then
            broken path "holds no line of metrics yet."

        let last = Array.last lines
        let manifest = Path.Combine(directory, manifestFile)

        {
            Steps = last.Step
            Tokens = last.Tokens
            Training = lines |> Array.map (fun line -> line.Tokens, line.Loss)
            Validation =
                lines
                |> Seq.collect (fun line -> line.Validation |> Seq.map (fun (name, loss) -> name, (line.Tokens, loss)))
                |> Seq.groupBy fst
                |> Seq.map (fun (name, points) -> name, points |> Seq.map snd |> Array.ofSeq)
                |> List.ofSeq
            Stages =
                if File.Exists manifest then
                    stages manifest (last.Tokens / float (max 1L last.Step))
                else
                    []
        }
