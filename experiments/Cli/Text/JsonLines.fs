namespace A3.Cli

open System
open System.IO
open System.Text

/// A line of a file of JSON lines.
type JsonLine =
    {
        /// Counted from 1.
        Number: int
        /// Bytes of the file before those of the line.
        Start: int64
        /// With the line end, which only the last line may lack; no more than the longest line has.
        Bytes: byte[]
        /// Whether the line goes on behind its bytes.
        IsTooLong: bool
    }

    /// Whether the line end is there: a line that was cut off while it was written has none.
    member line.IsComplete = not line.IsTooLong && Array.last line.Bytes = byte '\n'

    /// What is between the line ends.
    member line.Content = ReadOnlySpan(line.Bytes).TrimEnd "\r\n"B

/// Lines read one at a time, however many there are; blank ones are left out, and a byte-order mark before the first. A line that
/// is too long is cut, and the next one found behind it, unless there is no end in sight.
[<Sealed>]
type JsonLines(path: string, stream: Stream, longest: int) =

    let endless = 16L * int64 longest
    let chunk = Array.zeroCreate<byte>(1 <<< 16)
    let mutable filled = 0
    let mutable at = 0
    let mutable position = 0L
    let mutable number = 0
    let mutable ahead: JsonLine option = None
    let mutable endsInLine = false

    /// Whether there are bytes to go through.
    let fill () =
        if at = filled then
            at <- 0
            filled <- stream.Read(chunk, 0, chunk.Length)

        filled > 0

    /// Takes what the chunk has of a line; whether its end is among it.
    let take (line: MemoryStream) =
        let rest = ReadOnlySpan(chunk, at, filled - at)
        let found = rest.IndexOf(byte '\n')
        let length = if found < 0 then rest.Length else found + 1
        line.Write(rest.Slice(0, min length (longest + 1 - int line.Length)))
        at <- at + length
        position <- position + int64 length
        found >= 0

    let read () =
        let start = position
        use line = new MemoryStream()
        let mutable isEnded = false
        number <- number + 1

        while not isEnded && fill () do
            isEnded <- take line

            if position - start > endless then
                raise (
                    UsageException
                        $"{Input.name path} line {number}: no end after {endless} bytes; expected one JSON object a line."
                )

        if position > start then
            endsInLine <- not isEnded

        if line.Length = 0L then
            None
        else
            Some
                {
                    Number = number
                    Start = start
                    Bytes = line.ToArray()
                    IsTooLong = line.Length > int64 longest
                }

    let withoutMark line =
        let mark = Encoding.UTF8.Preamble

        if line.Number = 1 && ReadOnlySpan(line.Bytes).StartsWith mark then
            { line with
                Start = line.Start + int64 mark.Length
                Bytes = line.Bytes[mark.Length ..]
            }
        else
            line

    let isBlank line =
        ReadOnlySpan(line.Bytes).Trim(" \t\r\n"B).IsEmpty

    let rec readContent () =
        match read () |> Option.map withoutMark with
        | Some line when isBlank line -> readContent ()
        | line -> line

    /// Of the longest line of an input.
    static member Longest = 1 <<< 24

    /// The next line, which stays the next; none at the end.
    member _.Peek() =
        if ahead.IsNone then
            ahead <- readContent ()

        ahead

    /// The next line; none at the end.
    member lines.Take() =
        let line = lines.Peek()
        ahead <- None
        line

    /// The lines from here on.
    member lines.All =
        Seq.unfold (fun () -> lines.Take() |> Option.map (fun line -> line, ())) ()

    /// Bytes that were read, those of blank lines too.
    member _.Position = position

    /// Whether the last of these bytes is no line end.
    member _.EndsInLine = endsInLine
