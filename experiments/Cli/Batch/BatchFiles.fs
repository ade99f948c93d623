namespace A3.Cli

open System.IO
open A3

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

/// The files of a batch, opened.
[<RequireQualifiedAccess>]
module BatchFiles =

    let private isInput output =
        UsageException $"--output {Shown.Text output}: is the input; name another file."

    let private inUse output =
        A3Exception $"{Shown.Text output}: another process is writing it; wait for it, or name another --output."

    /// Opens the output. Where it is held, that is by the input, under whatever name, or by another process.
    let private openOutput path (input: Stream) =
        match BatchOutput.TryOpen path with
        | Some output -> output
        | None ->
            input.Dispose()

            match BatchOutput.TryOpen path with
            | Some output ->
                use _ = output
                raise (isInput path)
            | None -> raise (inUse path)

    /// Opens input and output, which cannot be one file; the caller disposes of both.
    let openBoth cancellation files =
        match files.Output with
        | Some output when Path.GetFullPath output = Path.GetFullPath files.Input -> raise (isInput output)
        | Some _
        | None -> ()

        let input = Input.openRead cancellation files.Input

        try
            input, files.Output |> Option.map (fun path -> openOutput path input)
        with _ ->
            input.Dispose()
            reraise ()
