namespace A3.Cli

open System
open System.IO
open System.Text
open System.Text.Json.Nodes

/// Writes what can be written; the rest is lost.
[<Sealed>]
type private LosingWriter(inner: TextWriter) =
    inherit TextWriter()

    let attempt write =
        try
            write ()
        with :? IOException ->
            ()

    override _.Encoding = inner.Encoding
    override _.Write(letter: char) = attempt (fun () -> inner.Write letter)

    override _.Write(text: string | null) = attempt (fun () -> inner.Write text)

    override _.WriteLine(text: string | null) =
        attempt (fun () -> inner.WriteLine text)

    override _.Flush() = attempt inner.Flush

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

    /// Columns and lines of the terminal; 100 x 30 where there is none, or it is gone.
    let private size isTerminal =
        try
            if isTerminal && Console.WindowWidth > 0 then
                Console.WindowWidth, Console.WindowHeight
            else
                100, 30
        with :? IOException ->
            100, 30

    /// Standard output and error of this process. That is called once when the reader of standard output goes away.
    let standard json readerIsGone =
        let isTerminal = StandardStreams.outputIsTerminal ()
        let width, height = size isTerminal

        {
            Out = writer (StandardStreams.output readerIsGone)
            Error = writer (StandardStreams.error ())
            Ink = Ink.ofEnvironment isTerminal variable
            ErrorInk = Ink.ofEnvironment (StandardStreams.errorIsTerminal ()) variable
            IsTerminal = isTerminal
            Width = width
            Height = height
            Json = json
        }

    /// An output whose terminal may go without a word: what cannot be written to it then is lost, and nothing else.
    let orLost output =
        if output.IsTerminal then
            { output with
                Out = new LosingWriter(output.Out)
            }
        else
            output

    /// Results, for what Spectre.Console draws.
    let screen output =
        Screen.over output.Out output.Ink output.Width output.Height

    /// Notes and progress, for what Spectre.Console draws.
    let errorScreen output =
        Screen.over output.Error output.ErrorInk output.Width output.Height

    /// A text of others: no letter of it steers a terminal. Elsewhere it stays as it is.
    let shown output text =
        if output.IsTerminal then Ink.visible text else text

    /// A text as it is, without a line end of ours.
    let text (text: string) output = output.Out.Write text

    let line (text: string) output = output.Out.WriteLine text

    let lines (texts: string seq) output =
        for text in texts do
            output.Out.WriteLine text

    /// A remark beside the result; none where a program reads.
    let note (text: string) output =
        if not output.Json then
            output.Error.WriteLine(Ink.dim text output.ErrorInk)

    /// What of a checkpoint's files is not followed: a line each, whoever reads the result.
    let notices (texts: string seq) output =
        for text in texts do
            output.Error.WriteLine(Ink.dim $"note: {text}" output.ErrorInk)

    let json (value: JsonNode | null) output = output.Out.WriteLine(Json.print value)

    /// An array in one line, each item written when it is there; it is closed also where the next one fails.
    let jsonArray (items: (JsonNode | null) seq) output =
        output.Out.Write "["

        try
            items
            |> Seq.iteri (fun index item -> output.Out.Write((if index = 0 then "" else ",") + Json.print item))
        finally
            output.Out.WriteLine "]"
