namespace A3.Cli

open System
open System.Collections.Generic
open System.Threading
open A3

/// Numbers what waits in its order, lets so many of it run together, and hands the results on in that order.
[<Sealed>]
type private Line<'label>
    (
        model: A3Model,
        cancellation: CancellationToken,
        together: int,
        isThere: unit -> bool,
        source: IEnumerator<'label * Result<Waiting, string>>
    ) =

    /// Read beyond the first whose result is not there, so that one that takes long does not hold up the others at once.
    let ahead = 8 * together

    let running = new Running(model, cancellation)
    let labels = Queue<'label>()
    let finished = Dictionary<int, Result<Decoded, string>>()

    /// What has been read, and had no room beside the others.
    let mutable postponed = None
    let mutable count = 0
    let mutable handedOn = 0

    let next () =
        match postponed with
        | Some _ as found ->
            postponed <- None
            found
        | None when source.MoveNext() ->
            let label, work = source.Current
            labels.Enqueue label
            count <- count + 1
            Some(count - 1, work)
        | None -> None

    /// Whether something was begun, or has failed for good.
    let beginNext () =
        match next () with
        | None -> false
        | Some(number, Error reason) ->
            finished.Add(number, Error reason)
            true
        | Some(number, Ok waiting) ->
            match running.Begin(number, waiting) with
            | Ok() -> true
            | Error reason when running.Count = 0 ->
                finished.Add(number, Error reason)
                true
            | Error _ ->
                postponed <- Some(number, Ok waiting)
                false

    let hasRoom () =
        running.Count < together && count - handedOn < ahead

    /// Goes on until the next result is there; false after the last.
    let awaitNext () =
        let mutable hasMore = true

        while hasMore && not (finished.ContainsKey handedOn) do
            cancellation.ThrowIfCancellationRequested()

            while hasRoom () && (running.Count = 0 || isThere ()) && beginNext () do
                ()

            if running.Count > 0 then
                for number, result in running.Advance() do
                    finished.Add(number, result)
            else
                hasMore <- finished.ContainsKey handedOn

        hasMore

    /// The next result; none after the last.
    member _.Next() =
        if awaitNext () then
            let result = finished[handedOn]
            finished.Remove handedOn |> ignore
            handedOn <- handedOn + 1
            Some(labels.Dequeue(), result)
        else
            None

    interface IDisposable with
        member _.Dispose() = (running :> IDisposable).Dispose()

/// Many decodes, so many at a time: one that is done makes room for the next while the others go on.
[<RequireQualifiedAccess>]
module Decodes =

    /// The results in the order of what waits, which is read as there is room for it; what cannot begin hands on why. What is not
    /// there yet is waited for only where nothing runs.
    let arriving (model: A3Model) cancellation together isThere (waiting: ('label * Result<Waiting, string>) seq) =
        seq {
            use source = waiting.GetEnumerator()
            use line = new Line<'label>(model, cancellation, together, isThere, source)
            yield! Seq.unfold (fun () -> line.Next() |> Option.map (fun result -> result, ())) ()
        }

    /// As `arriving`, of what is always there.
    let inOrder model cancellation together waiting =
        arriving model cancellation together (fun () -> true) waiting
