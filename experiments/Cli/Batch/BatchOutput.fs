namespace A3.Cli

open System
open System.IO
open System.Text
open System.Text.Json
open A3

/// Rows of a batch that an earlier run finished.
type Resumed =
    {
        Rows: int
        Failed: int
        /// Bytes of the output that stay: all but half a last line.
        Bytes: int64
        /// Whether these end without a line end.
        EndsInLine: bool
    }

[<RequireQualifiedAccess>]
module Resumed =

    let nothing =
        {
            Rows = 0
            Failed = 0
            Bytes = 0L
            EndsInLine = false
        }

/// A file of results, one JSON object a line, each written whole or not at all. One process holds it at a time, by whatever name or
/// link; it goes with the process, however that ends.
[<Sealed>]
type BatchOutput private (path: string, stream: FileStream) =

    /// Of a result: the row may be as long as rows are, and every token of it is named.
    static let longest = 1 <<< 28

    static let name path = Shown.Text path

    static let failed path (reason: string) = A3Exception $"{name path}: {reason}"

    static let remedy = "name another --output, or delete that one."

    /// A lock that another holds, as Windows, Linux and macOS report it.
    static let isHeld (error: IOException) =
        match error.HResult &&& 0xFFFF with
        | 32
        | 11
        | 35 -> true
        | _ -> false

    static let requireRegular path (stream: FileStream) =
        try
            if stream.CanSeek then
                // Refused by all but regular files.
                stream.SetLength stream.Length
            else
                raise (IOException())
        with :? IOException ->
            stream.Dispose()

            raise (
                failed
                    path
                    "is no regular file, which a batch that is stopped could go on with; without --output results go to standard output."
            )

    /// Opens or makes a file; none where another holds it.
    static member TryOpen path =
        if Directory.Exists path then
            raise (failed path "is a directory; --output names a file.")

        try
            let stream =
                new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1)

            requireRegular path stream
            Some(new BatchOutput(path, stream))
        with :? IOException as error when isHeld error ->
            None

    member private _.Foreign (line: JsonLine) difference =
        failed path $"line {line.Number} {difference}; {remedy}"

    member private output.IsError(line: JsonLine) =
        try
            use document = JsonDocument.Parse(ReadOnlyMemory line.Bytes)
            fst (document.RootElement.TryGetProperty "error")
        with :? JsonException ->
            raise (output.Foreign line "is broken")

    /// Whether a line without its end holds all of a result: it was written, and its end cut off.
    member private _.IsWhole(line: JsonLine) =
        try
            use document = JsonDocument.Parse(ReadOnlyMemory line.Bytes)
            document.RootElement.ValueKind = JsonValueKind.Object
        with :? JsonException ->
            false

    /// Takes the rows of the input that the results in the file are of. All that is there stays, but half a last line, which must have
    /// been written for the row that comes next.
    member output.Resume identity (input: JsonLines) =
        let lines = JsonLines(path, stream, longest)

        let finished resumed (line: JsonLine) =
            input.Take() |> ignore

            { resumed with
                Rows = resumed.Rows + 1
                Failed = resumed.Failed + (if output.IsError line then 1 else 0)
            }

        let next (resumed, half) (line: JsonLine) =
            match input.Peek() with
            | _ when line.IsTooLong -> raise (output.Foreign line $"has more than {longest} bytes, as no result has")
            | None -> raise (output.Foreign line "is of a line that the input has not")
            | Some row ->
                let fingerprint = BatchRow.fingerprint row

                let beginning =
                    Encoding.UTF8.GetBytes(BatchIdentity.beginning identity row.Number fingerprint)

                let shared = min beginning.Length line.Bytes.Length

                if not (ReadOnlySpan(beginning, 0, shared).SequenceEqual(ReadOnlySpan(line.Bytes, 0, shared))) then
                    Encoding.UTF8.GetString(line.Bytes, 0, min 200 line.Bytes.Length)
                    |> BatchIdentity.difference identity row.Number fingerprint
                    |> output.Foreign line
                    |> raise
                elif line.IsComplete || output.IsWhole line then
                    finished resumed line, half
                else
                    resumed, Some line.Start

        match Seq.fold next (Resumed.nothing, None) lines.All with
        | resumed, Some half -> { resumed with Bytes = half }
        | resumed, None ->
            { resumed with
                Bytes = lines.Position
                EndsInLine = lines.EndsInLine
            }

    /// Goes behind what an earlier run finished, over its half last line.
    member _.Continue resumed =
        stream.SetLength resumed.Bytes
        stream.Seek(0L, SeekOrigin.End) |> ignore

        if resumed.EndsInLine then
            stream.Write "\n"B

    /// Writes a result.
    member _.Append(line: string) =
        let refuse (error: exn) =
            raise (
                failed
                    path
                    $"{error.Message.TrimEnd '.'}; what was written before stays, and the same command goes on from there."
            )

        try
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"))
        with
        | :? IOException as error -> refuse error
        // .NET's name for a file that would pass the limit of the user or of the file system.
        | :? ArgumentException as error -> refuse error

    interface IDisposable with
        member _.Dispose() = stream.Dispose()
