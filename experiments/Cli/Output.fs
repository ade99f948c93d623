namespace A3.Cli

open System
open System.IO
open System.Text
open System.Text.Json.Nodes

/// Where a command writes, and how.
type Output =
    {
        /// Results.
        Out: TextWriter
        /// Notes and errors.
        Error: TextWriter
        /// For both.
        Ink: Ink
        /// Whether `Out` is a terminal.
        IsTerminal: bool
        /// Columns of the terminal.
        Width: int
        /// Whether a program reads `Out`.
        Json: bool
    }

[<RequireQualifiedAccess>]
module Output =

    let private variable name =
        match Environment.GetEnvironmentVariable name with
        | null -> ""
        | value -> value

    let private writer (stream: Stream) =
        new StreamWriter(stream, UTF8Encoding false, AutoFlush = true)

    let private width isTerminal =
        if isTerminal && Console.WindowWidth > 0 then
            Console.WindowWidth
        else
            100

    /// Standard output and error of this process.
    let standard json =
        let isTerminal = not Console.IsOutputRedirected

        {
            Out = writer (Console.OpenStandardOutput())
            Error = writer (Console.OpenStandardError())
            Ink = Ink.ofEnvironment isTerminal variable
            IsTerminal = isTerminal
            Width = width isTerminal
            Json = json
        }

    let line (text: string) output = output.Out.WriteLine text

    let lines (texts: string seq) output =
        for text in texts do
            output.Out.WriteLine text

    /// A remark beside the result; none where a program reads.
    let note (text: string) output =
        if not output.Json then
            let ink = if Console.IsErrorRedirected then Ink.Plain else output.Ink
            output.Error.WriteLine(Ink.dim text ink)

    let json (value: JsonNode | null) output = output.Out.WriteLine(Json.print value)
