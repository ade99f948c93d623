namespace A3.Cli

open System
open System.IO

/// A stream that is only read or only written, from beginning to end.
[<AbstractClass>]
type OneWayStream(reads: bool) =
    inherit Stream()

    let refuse () = raise (NotSupportedException())

    override _.CanRead = reads
    override _.CanSeek = false
    override _.CanWrite = not reads
    override _.Length = refuse ()

    override _.Position
        with get () = refuse ()
        and set _ = refuse ()

    override _.Flush() = ()
    override _.Read(_: byte[], _, _) : int = refuse ()
    override _.Seek(_, _) = refuse ()
    override _.SetLength _ = refuse ()
    override _.Write(_: byte[], _, _) : unit = refuse ()
