namespace A3.Cli

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Text.Json.Nodes
open A3

/// What a batch does with its rows: `'work` is what a row asks for, `'result` what is done for it.
type BatchTask<'work, 'result> =
    {
        /// All that the command line says about every row: results under other options are not those of this batch.
        Options: string
        /// What a row asks for, of the number of its line and its fields; an exception says why it asks for nothing sound.
        Read: int -> JsonElement -> 'work
        /// The results of rows, in their order: of what each asks for, or why there is none. The function says whether the next row
        /// can be had without waiting for it.
        Run: A3Model -> (unit -> bool) -> BatchRow<'work> seq -> (BatchRow<'work> * Result<'result, string>) seq
        /// What is written of a result.
        Fields: 'result -> (string * (JsonNode | null)) list
        /// Tokens that a result took, for the speed.
        Tokens: 'result -> int
    }

/// Does files of rows and goes on where it was stopped, whatever is done with the rows.
[<RequireQualifiedAccess>]
module Batch =

    let private lines files stream =
        JsonLines(files.Input, stream, JsonLines.Longest)

    /// The rows of a file; none for a pipe, which can be read only once.
    let private count files (stream: Stream) =
        if stream.CanSeek then
            let rows = Seq.length (lines files stream).All
            stream.Position <- 0L
            Some rows
        else
            None

    let private identity (invocation: Invocation) (task: BatchTask<'work, 'result>) folder =
        {
            Model = CheckpointFingerprint.Of(folder, invocation.Cancellation)
            Options = BatchIdentity.ofOptions $"{invocation.NumberType} {task.Options}"
        }

    /// The line of a row.
    let private print identity (row: BatchRow<'work>) fields =
        [
            "line", Json.whole row.Line
            "input", Json.text row.Input
            "model", Json.text identity.Model
            "options", Json.text identity.Options
            if not (isNull row.Id) then
                "id", row.Id
        ]
        @ fields
        |> Json.record
        |> Json.print

    let private fields (task: BatchTask<'work, 'result>) result =
        match result with
        | Ok result -> task.Fields result
        | Error(reason: string) -> [ "error", Json.text reason ]

    let private after
        (display: BatchDisplay)
        files
        (task: BatchTask<'work, 'result>)
        elapsed
        progress
        (row: BatchRow<'work>, result)
        =
        let progress =
            { progress with
                Rows = progress.Rows + 1
                Elapsed = elapsed
            }

        match result with
        | Ok result ->
            { progress with
                Tokens = progress.Tokens + int64 (task.Tokens result)
            }
        | Error reason ->
            display.Complain $"a3: {Input.name files.Input} line {row.Line}: {reason}"

            { progress with
                Failed = progress.Failed + 1
            }

    /// Writes the results of all rows; the last report.
    let private runAll (invocation: Invocation) files task identity start results (write: string -> unit) =
        let clock = Stopwatch.StartNew()
        let progress = ref start

        let work (display: BatchDisplay) =
            for row, result in results do
                fields task result |> print identity row |> write
                progress.Value <- after display files task clock.Elapsed progress.Value (row, result)
                display.Report false progress.Value
                invocation.Cancellation.ThrowIfCancellationRequested()

            display.Report true progress.Value

        try
            BatchProgress.during invocation.Output files.Output.IsSome work
            progress.Value
        with :? OperationCanceledException ->
            let remedy =
                if files.Output.IsSome then
                    "; the same command goes on from there"
                else
                    ""

            raise (StoppedException $"stopped after {progress.Value.Rows} rows{remedy}.")

    let private refuseFailures files progress =
        if progress.Failed > 0 then
            raise (
                A3Exception
                    $"{progress.Failed} of {progress.Rows} rows of {Input.name files.Input} failed; the field \"error\" of their results says why."
            )

    let private resume identity lines (output: BatchOutput option) =
        match output with
        | Some output ->
            let resumed = output.Resume identity lines
            output.Continue resumed
            resumed
        | None -> Resumed.nothing

    let private started total (resumed: Resumed) =
        {
            Rows = resumed.Rows
            Total = total
            Failed = resumed.Failed
            Resumed = resumed.Rows
            Tokens = 0L
            Elapsed = TimeSpan.Zero
        }

    /// Does a file of rows. Rows that fail are reported and counted, and the others go on.
    let run (invocation: Invocation) (task: BatchTask<'work, 'result>) files =
        let folder = ModelFolder.find invocation.Model
        let input, output = BatchFiles.openBoth invocation.Cancellation files
        use _ = input
        use _ = Option.toObj output
        let total = count files input
        let lines = lines files input
        let identity = identity invocation task folder
        let start = resume identity lines output |> started total
        use model = Decoding.load invocation

        let arriving =
            if input.CanSeek then
                ArrivingLines.ofFile lines
            else
                ArrivingLines.ofPipe invocation.Cancellation lines

        let results =
            arriving.Lines
            |> Seq.map (BatchRow.read task.Read)
            |> task.Run model arriving.IsThere

        match output with
        | Some output -> output.Append
        | None -> fun line -> invocation.Output |> Output.line line
        |> runAll invocation files task identity start results
        |> refuseFailures files
