namespace A3.Cli

open System
open System.IO
open System.Runtime.InteropServices

/// File descriptors as the operating system has them: .NET's own console streams take a reader that has gone for one that reads.
module private Descriptor =

    /// As poll(2) has it.
    [<Struct; StructLayout(LayoutKind.Sequential)>]
    type Waited =
        {
            Descriptor: int
            Asked: int16
            mutable Found: int16
        }

    [<DllImport("libc", SetLastError = true)>]
    extern nativeint write(int descriptor, byte[] bytes, unativeint count)

    [<DllImport("libc", SetLastError = true)>]
    extern int fcntl(int descriptor, int command)

    [<DllImport("libc", SetLastError = true)>]
    extern int poll(Waited& waited, unativeint count, int milliseconds)

    let private getFlags = 1
    let private closedOnExec = 1
    let private readyToWrite = 4s
    let private interrupted = 4
    let private tryAgain = if OperatingSystem.IsMacOS() then 35 else 11
    let brokenPipe = 32

    /// Whether the process was started with it. In the place of one that was closed the runtime may have opened a file of its own,
    /// which is closed on exec; one that came through an exec never is.
    let isGiven descriptor =
        let flags = fcntl (descriptor, getFlags)
        flags >= 0 && flags &&& closedOnExec = 0

    let private awaitRoom descriptor =
        let mutable waited =
            {
                Descriptor = descriptor
                Asked = readyToWrite
                Found = 0s
            }

        poll (&waited, 1un, -1) |> ignore

    /// Writes all bytes; the error number, 0 where there is none.
    let rec writeAll descriptor (bytes: byte[]) =
        if bytes.Length = 0 then
            0
        else
            match int (write (descriptor, bytes, unativeint bytes.Length)) with
            | -1 ->
                match Marshal.GetLastPInvokeError() with
                | error when error = interrupted -> writeAll descriptor bytes
                | error when error = tryAgain ->
                    awaitRoom descriptor
                    writeAll descriptor bytes
                | error -> error
            | written -> writeAll descriptor (bytes.AsSpan(written).ToArray())

/// A stream that does one thing with all bytes.
[<Sealed>]
type private Sink(write: byte[] -> unit) =
    inherit OneWayStream(false)

    override _.Write(buffer: byte[], offset, count) =
        write (buffer.AsSpan(offset, count).ToArray())

/// The three streams of this process. Any may be closed, stdout may be full or lose its reader, and a terminal may go.
[<RequireQualifiedAccess>]
module StandardStreams =

    let private isGiven descriptor =
        OperatingSystem.IsWindows() || Descriptor.isGiven descriptor

    let private isTerminal descriptor isRedirected =
        isGiven descriptor && not (isRedirected ())

    let outputIsTerminal () =
        isTerminal 1 (fun () -> Console.IsOutputRedirected)

    let errorIsTerminal () =
        isTerminal 2 (fun () -> Console.IsErrorRedirected)

    let private closed = "it was closed when the program was started"

    let private failed what (reason: string) =
        IOException $"{what}: {reason}; redirect it to a file or a pipe."

    /// Standard input; an error at once where there is none, which would else be waited for for ever.
    let input () : Stream =
        if isGiven 0 then
            Console.OpenStandardInput()
        else
            raise (failed "standard input" closed)

    /// Standard output. When its reader goes away, that is called once and all that is written from then on is dropped; any other
    /// failure is an IOException.
    let output (readerIsGone: unit -> unit) : Stream =
        let isGone = ref false

        let write bytes =
            if not isGone.Value then
                match Descriptor.writeAll 1 bytes with
                | 0 -> ()
                | error when error = Descriptor.brokenPipe ->
                    isGone.Value <- true
                    readerIsGone ()
                | error -> raise (IOException $"standard output: {Marshal.GetPInvokeErrorMessage error}.")

        if OperatingSystem.IsWindows() then
            Console.OpenStandardOutput()
        elif isGiven 1 then
            new Sink(write)
        else
            new Sink(fun _ -> raise (failed "standard output" closed))

    let private onWindows (stream: Stream) bytes =
        try
            stream.Write(ReadOnlySpan<byte>(bytes: byte[]))
        with :? IOException ->
            ()

    /// Standard error. What cannot be written there is lost: nobody could be told.
    let error () : Stream =
        if OperatingSystem.IsWindows() then
            new Sink(onWindows (Console.OpenStandardError()))
        elif isGiven 2 then
            new Sink(Descriptor.writeAll 2 >> ignore)
        else
            new Sink(ignore)
