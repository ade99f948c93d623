namespace A3.Cli

open System
open System.IO
open System.Text

/// A line of a file of JSON lines.
type JsonLine =
    {
        /// Counted from 1.
        Number: int
        /// With the line end, which only the last line may lack.
        Bytes: byte[]
    }

    /// Whether the line end is there: a line that was cut off while it was written has none.
    member line.IsComplete = Array.last line.Bytes = byte '\n'

    member line.IsBlank = line.Bytes |> Array.forall (char >> Char.IsWhiteSpace)

/// Lines read one at a time, however many there are; blank ones are left out. Owns the stream.
[<Sealed>]
type JsonLines(path: string, stream: Stream) =

    /// More than any context holds.
    static let longest = 1 <<< 24

    static let utf8 = UTF8Encoding(false, true)

    let stream = new BufferedStream(stream, 1 <<< 16)
    let mutable number = 0
    let mutable ahead: JsonLine option = None

    let read () =
        use line = new MemoryStream()
        let mutable letter = stream.ReadByte()
        number <- number + 1

        while letter >= 0 do
            line.WriteByte(byte letter)

            if line.Length > longest then
                raise (
                    MisuseException $"{path} line {number}: more than {longest} bytes; expected one JSON object a line."
                )

            letter <- if letter = int '\n' then -1 else stream.ReadByte()

        if line.Length = 0L then
            None
        else
            Some
                {
                    Number = number
                    Bytes = line.ToArray()
                }

    let rec readText () =
        match read () with
        | Some line when line.IsBlank -> readText ()
        | line -> line

    /// The next line, which stays the next; none at the end.
    member _.Peek() =
        if ahead.IsNone then
            ahead <- readText ()

        ahead

    /// The next line; none at the end.
    member lines.Take() =
        let line = lines.Peek()
        ahead <- None
        line

    /// The lines from here on.
    member lines.All =
        Seq.unfold (fun () -> lines.Take() |> Option.map (fun line -> line, ())) ()

    /// The text of a line without its end; none where it is not UTF-8.
    static member Text line =
        try
            Some(utf8.GetString(line.Bytes).Trim('\r', '\n', '\uFEFF'))
        with :? DecoderFallbackException ->
            None

    interface IDisposable with
        member _.Dispose() = stream.Dispose()
