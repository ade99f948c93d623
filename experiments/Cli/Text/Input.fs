namespace A3.Cli

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open A3

module private Blocking =

    /// The result of work that may wait for ever; cancellation ends the wait, not the work.
    let run (cancellation: CancellationToken) (work: unit -> 'result) =
        let task = Task.Run work
        Task.WaitAny([| task :> Task |], cancellation) |> ignore
        task.GetAwaiter().GetResult()

/// Reads from what may keep its reader waiting: a pipe, a terminal, a device.
[<Sealed>]
type private PatientStream(inner: Stream, cancellation: CancellationToken) =
    inherit OneWayStream(true)

    override _.Read(buffer: byte[], offset, count) =
        Blocking.run cancellation (fun () -> inner.Read(buffer, offset, count))

    override _.Dispose isDisposing =
        if isDisposing then
            inner.Dispose()

/// Files and standard input, for whoever reads bytes.
[<RequireQualifiedAccess>]
module Input =

    /// What standard input is called on the command line.
    let standard = "-"

    /// How errors name a path.
    let name path =
        if path = standard then
            "standard input"
        else
            Shown.Text(path: string)

    let private openFile path =
        if Directory.Exists path then
            raise (A3Exception $"{Shown.Text path}: is a directory; expected a file.")

        File.OpenRead path

    /// The bytes of a file, or of standard input for `-`; the caller disposes of them. A wait for more of them ends when cancelled.
    let openRead cancellation path : Stream =
        if path = standard then
            new PatientStream(StandardStreams.input (), cancellation)
        else
            let file = Blocking.run cancellation (fun () -> openFile path)

            if file.CanSeek then
                file
            else
                new PatientStream(file, cancellation)

    /// All bytes of a file or of standard input, of which there may be so many.
    let bytes cancellation longest path =
        use stream = openRead cancellation path
        let buffer = Array.zeroCreate<byte>(longest + 1)
        let count = stream.ReadAtLeast(buffer, buffer.Length, false)

        if count > longest then
            raise (UsageException $"{name path}: more than {longest} bytes; a text must fit a model's context.")

        buffer[.. count - 1]

    /// The lines of a regular file; none where it is empty. Pipes and devices have no length, and no end: they are not opened.
    let lines (path: string) =
        let file = FileInfo path

        let target =
            match file.ResolveLinkTarget true with
            | null -> file
            | target -> FileInfo target.FullName

        if target.Length = 0L then
            [||]
        else
            File.ReadAllLines target.FullName
