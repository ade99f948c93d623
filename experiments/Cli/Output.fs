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
        /// For results.
        Ink: Ink
        /// For notes; plain where they go to no terminal.
        ErrorInk: Ink
        /// Whether `Out` is a terminal.
        IsTerminal: bool
        /// Columns of the terminal.
        Width: int
        /// Lines of the terminal.
        Height: int
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

    /// Columns and lines of the terminal; 100 x 30 where there is none.
    let private size isTerminal =
        if isTerminal && Console.WindowWidth > 0 then
            Console.WindowWidth, Console.WindowHeight
        else
            100, 30

    /// Standard output and error of this process.
    let standard json =
        let isTerminal = not Console.IsOutputRedirected
        let width, height = size isTerminal

        {
            Out = writer (Console.OpenStandardOutput())
            Error = writer (Console.OpenStandardError())
            Ink = Ink.ofEnvironment isTerminal variable
            ErrorInk = Ink.ofEnvironment (not Console.IsErrorRedirected) variable
            IsTerminal = isTerminal
            Width = width
            Height = height
            Json = json
        }

    let line (text: string) output = output.Out.WriteLine text

    let lines (texts: string seq) output =
        for text in texts do
            output.Out.WriteLine text

    /// A remark beside the result; none where a program reads.
    let note (text: string) output =
        if not output.Json then
            output.Error.WriteLine(Ink.dim text output.ErrorInk)

    let json (value: JsonNode | null) output = output.Out.WriteLine(Json.print value)
