namespace A3.Cli

open System
open System.IO
open System.Text
open System.Text.Json
open A3
open A3.Runtime

/// Rows of a batch that an earlier run finished.
type Resumed =
    {
        Rows: int
        Failed: int
        /// Of the output, up to the end of its last whole line.
        Bytes: int64
    }

/// The results of a batch: one JSON object a line, written whole or not at all.
[<RequireQualifiedAccess>]
module BatchOutput =

    let nothing = { Rows = 0; Failed = 0; Bytes = 0L }

    /// What the result of a row begins with; no other row's does.
    let private beginning line input =
        $"{{\"line\":{line},\"input\":\"{input}\""

    let private record (row: BatchRow) fields =
        [
            "line", Json.whole row.Line
            "input", Json.text row.Input
            if not (isNull row.Id) then
                "id", row.Id
        ]
        @ fields
        |> Json.record
        |> Json.print

    /// The line of a row that was decoded.
    let finished row (decoded: Decoded) =
        let text = decoded.Text

        record
            row
            [
                "text", Json.text text.Text
                "log_probability", Json.number text.LogProbability
                "forward_passes", Json.whole text.ForwardPasses
                "drafts", FillingJson.drafts decoded
                "revised", FillingJson.revised decoded
                "seed", Json.whole decoded.Seed
                "gaps", text.Gaps |> Seq.map FillingJson.gap |> Json.list
                "lengths", GapLengths.json text
            ]

    /// The line of a row that could not be.
    let failed row (reason: string) =
        record row [ "error", Json.text reason ]

    let private isError path (line: JsonLine) =
        try
            use document = JsonDocument.Parse(ReadOnlyMemory line.Bytes)
            fst (document.RootElement.TryGetProperty "error")
        with :? JsonException ->
            raise (A3Exception $"{path} line {line.Number}: is broken; name another --output, or delete that one.")

    let private foreign path (line: JsonLine) =
        A3Exception
            $"{path} line {line.Number}: comes from other input, another model or other options than this batch; name another --output, or delete that one."

    /// Whether a line, or the half of one, begins so.
    let private agrees (expected: string) (line: JsonLine) =
        let length = min expected.Length line.Bytes.Length
        Encoding.UTF8.GetBytes(expected).AsSpan(0, length).SequenceEqual(ReadOnlySpan(line.Bytes, 0, length))

    /// Goes through the output of an earlier run and takes the lines of the input that it finished. A half last line is not
    /// one of them, but must have been written for the line that comes next.
    let resume path fingerprint (input: JsonLines) =
        let next resumed (line: JsonLine) =
            match input.Peek() with
            | Some row when line |> agrees (beginning row.Number (fingerprint row)) ->
                if line.IsComplete then
                    input.Take() |> ignore

                    {
                        Rows = resumed.Rows + 1
                        Failed = resumed.Failed + (if isError path line then 1 else 0)
                        Bytes = resumed.Bytes + int64 line.Bytes.Length
                    }
                else
                    resumed
            | Some _
            | None -> raise (foreign path line)

        if File.Exists path then
            use output = new JsonLines(path, File.OpenRead path)
            Seq.fold next nothing output.All
        else
            nothing

    /// Writes behind what an earlier run finished, over its half last line.
    let append path resumed =
        let stream =
            new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read)

        stream.SetLength resumed.Bytes
        stream.Seek(0L, SeekOrigin.End) |> ignore
        new StreamWriter(stream, UTF8Encoding false, NewLine = "\n")
