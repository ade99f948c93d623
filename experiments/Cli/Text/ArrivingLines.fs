namespace A3.Cli

open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks

/// Lines that are read when there is time: those of a file are always there, those of a pipe come when its writer has them.
type ArrivingLines =
    {
        Lines: JsonLine seq
        /// Whether the next line can be had without waiting for it; so is the end.
        IsThere: unit -> bool
    }

[<RequireQualifiedAccess>]
module ArrivingLines =

    /// Lines that are read while others are worked on.
    let private ahead = 16

    /// Of what never keeps its reader waiting.
    let ofFile (lines: JsonLines) =
        {
            Lines = lines.All
            IsThere = fun () -> true
        }

    /// Of what may: read on another thread, a few lines ahead. Cancellation ends both the reading and the wait for it.
    let ofPipe (cancellation: CancellationToken) (lines: JsonLines) =
        let queue = new BlockingCollection<JsonLine>(ahead)

        let reading =
            Task.Run(fun () ->
                try
                    for line in lines.All do
                        queue.Add(line, cancellation)
                finally
                    queue.CompleteAdding())

        {
            Lines =
                seq {
                    yield! queue.GetConsumingEnumerable cancellation
                    reading.GetAwaiter().GetResult()
                }
            IsThere = fun () -> queue.Count > 0 || queue.IsAddingCompleted
        }
