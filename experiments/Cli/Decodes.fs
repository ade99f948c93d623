namespace A3.Cli

open System
open System.Collections.Generic
open System.Threading
open A3.Runtime

/// A decode that has not begun.
type Waiting =
    {
        /// A session from the start, owned by who calls.
        Start: unit -> DecodingSession
        Seed: int64
    }

/// Decodes that run together, each under a number of the caller's.
[<Sealed>]
type private Running(model: A3Model, cancellation: CancellationToken) =

    /// By row of the batch.
    let rows = Dictionary<int, int * Waiting>()
    let mutable batch = model.Together [||]
    let mutable steps = batch.Steps(cancellation).GetEnumerator()

    let decoded waiting text =
        {
            Text = text
            Seed = waiting.Seed
            Name = model.Tokenizer.TokenText
        }

    /// Takes rows that are done out of the batch.
    let finish done' =
        [
            for row in done' do
                let number, waiting = rows[row]
                rows.Remove row |> ignore
                number, Outcome.attempt (fun () -> decoded waiting (batch.Take row))
        ]

    let finishAll () =
        steps <- batch.Steps(cancellation).GetEnumerator()
        finish (List.ofSeq rows.Keys)

    /// Each by itself from its start, after they failed together: so one that cannot be decoded takes no other with it.
    let alone () =
        let failed = List.ofSeq rows.Values
        rows.Clear()
        batch.Dispose()
        batch <- model.Together [||]
        steps <- batch.Steps(cancellation).GetEnumerator()

        [
            for number, waiting in failed do
                number,
                Outcome.attempt (fun () ->
                    use session = waiting.Start()
                    decoded waiting (session.Complete cancellation))
        ]

    member _.Count = rows.Count

    /// Lets one take part from now on, or says why it cannot.
    member _.Begin(number, waiting) =
        Outcome.attempt (fun () ->
            let session = waiting.Start()

            try
                rows.Add(batch.Add session, (number, waiting))
            with _ ->
                session.Dispose()
                reraise ())

    /// Goes on by a step and gives those that it finished.
    member _.Advance() =
        match Outcome.attempt steps.MoveNext with
        | Ok true when batch.Sessions[steps.Current.Row].IsDone -> finish [ steps.Current.Row ]
        | Ok true -> []
        | Ok false -> finishAll ()
        | Error _ -> alone ()

    interface IDisposable with
        member _.Dispose() =
            steps.Dispose()
            batch.Dispose()

/// Numbers what waits in its order, lets so many of it run together, and hands the results on in that order.
[<Sealed>]
type private Line<'label>
    (
        model: A3Model,
        cancellation: CancellationToken,
        together: int,
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

    let handOn result =
        finished.Remove handedOn |> ignore
        handedOn <- handedOn + 1
        Some(labels.Dequeue(), result)

    /// The next result; none after the last.
    member line.Next() =
        match finished.TryGetValue handedOn with
        | true, result -> handOn result
        | false, _ ->
            cancellation.ThrowIfCancellationRequested()

            while hasRoom () && beginNext () do
                ()

            if running.Count > 0 then
                for number, result in running.Advance() do
                    finished.Add(number, result)

                line.Next()
            elif finished.ContainsKey handedOn then
                line.Next()
            else
                None

    interface IDisposable with
        member _.Dispose() = (running :> IDisposable).Dispose()

/// Many decodes, so many at a time: one that is done makes room for the next while the others go on.
[<RequireQualifiedAccess>]
module Decodes =

    /// The results in the order of what waits, which is read as there is room for it; what cannot begin hands on why.
    let inOrder (model: A3Model) cancellation together (waiting: ('label * Result<Waiting, string>) seq) =
        seq {
            use source = waiting.GetEnumerator()
            use line = new Line<'label>(model, cancellation, together, source)
            yield! Seq.unfold (fun () -> line.Next() |> Option.map (fun result -> result, ())) ()
        }
