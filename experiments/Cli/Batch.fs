namespace A3.Cli

open System
open System.Diagnostics
open System.IO
open System.Text
open System.Text.Json
open A3
open A3.Runtime

/// `--batch` and what belongs to it.
type BatchFiles =
    {
        /// A path, or `-`.
        Input: string
        /// Standard output where there is none.
        Output: string option
        /// Rows that run together.
        Together: int
    }

/// Decodes files of rows, many at a time, and goes on where it was stopped.
[<RequireQualifiedAccess>]
module Batch =

    /// The rows of a file; none for a pipe, which can be read only once.
    let private count path (stream: Stream) =
        if stream.CanSeek then
            let rows = Seq.length (new JsonLines(path, stream)).All
            stream.Position <- 0L
            Some rows
        else
            None

    /// All that the command line says about a row.
    let private settings (invocation: Invocation) usual =
        let model = Path.GetFullPath(ModelFolder.find invocation.Model)
        $"{model} {invocation.NumberType} {usual.Length} {JsonSerializer.Serialize usual.Request}"

    let private prepare invocation model (row: BatchRow) =
        row.Work
        |> Result.bind (fun (template, request) ->
            Outcome.attempt (fun () ->
                {
                    Start = (Decoding.prepare invocation model template request).Start
                    Seed = request.Seed
                }))

    /// The results of rows, in their order.
    let private results (invocation: Invocation) model together rows =
        rows
        |> Seq.map (fun row -> row, prepare invocation model row)
        |> Decodes.inOrder model invocation.Cancellation together

    let private write (writer: TextWriter) row result =
        match result with
        | Ok decoded -> writer.WriteLine(BatchOutput.finished row decoded)
        | Error reason -> writer.WriteLine(BatchOutput.failed row reason)

        writer.Flush()

    let private after output files elapsed (progress: BatchProgress) (row: BatchRow, result) =
        let progress =
            { progress with
                Rows = progress.Rows + 1
                Elapsed = elapsed
            }

        match result with
        | Ok(decoded: Decoded) ->
            { progress with
                Tokens = progress.Tokens + int64 decoded.Tokens
            }
        | Error reason ->
            BatchProgress.complain output $"a3: {files.Input} line {row.Line}: {reason}"

            { progress with
                Failed = progress.Failed + 1
            }

    /// Writes the results of all rows; the last report.
    let private runAll (invocation: Invocation) files start results (writer: TextWriter) =
        let clock = Stopwatch.StartNew()
        let report = BatchProgress.reporting invocation.Output
        let mutable progress = start

        try
            for row, result in results do
                write writer row result
                progress <- after invocation.Output files clock.Elapsed progress (row, result)
                report false progress

            report true progress
            BatchProgress.finish invocation.Output
            progress
        with :? OperationCanceledException ->
            BatchProgress.finish invocation.Output

            let remedy =
                if files.Output.IsSome then
                    "; the same command goes on from there"
                else
                    ""

            raise (StoppedException $"stopped after {progress.Rows} rows{remedy}.")

    let private refuseFailures files progress =
        if progress.Failed > 0 then
            raise (
                A3Exception
                    $"{progress.Failed} of {progress.Rows} rows of {files.Input} failed; the field \"error\" of their results says why."
            )

    let private check usual files =
        DecodingRequest.options "--" usual.Request |> ignore

        match files.Output with
        | Some output when Path.GetFullPath output = Path.GetFullPath files.Input ->
            raise (MisuseException $"--output {output}: is the input; name another file.")
        | Some _
        | None -> ()

    /// Decodes a file of rows. Rows that fail are reported and counted, and the others go on.
    let run (invocation: Invocation) kind usual files =
        check usual files
        let settings = settings invocation usual
        use stream = Input.openRead invocation.Cancellation files.Input
        let total = count files.Input stream
        use lines = new JsonLines(files.Input, stream)

        let resumed =
            match files.Output with
            | Some path -> BatchOutput.resume path (BatchRow.fingerprint settings) lines
            | None -> BatchOutput.nothing

        use model = Decoding.load invocation

        let start =
            {
                Rows = resumed.Rows
                Total = total
                Failed = resumed.Failed
                Resumed = resumed.Rows
                Tokens = 0L
                Elapsed = TimeSpan.Zero
            }

        let results =
            lines.All
            |> Seq.map (BatchRow.read kind settings usual)
            |> results invocation model files.Together

        let runAll writer =
            runAll invocation files start results writer

        match files.Output with
        | Some path ->
            use file = BatchOutput.append path resumed
            runAll file
        | None -> runAll invocation.Output.Out
        |> refuseFailures files
