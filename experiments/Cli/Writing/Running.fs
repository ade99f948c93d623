namespace A3.Cli

open System
open System.Collections.Generic
open System.Threading
open A3

/// A decode that has not begun.
type Waiting =
    {
        /// A session from the start, owned by the caller.
        Start: unit -> DecodingSession
        Seed: int64
    }

/// Decodes that run together, each under a number of the caller's.
[<Sealed>]
type internal Running(model: A3Model, cancellation: CancellationToken) =

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
    let finish ended =
        [
            for row in ended do
                let number, waiting = rows[row]
                rows.Remove row |> ignore
                let taken = Outcome.attempt (fun () -> decoded waiting (batch.Take row))

                // One whose text cannot be finished leaves its row, too.
                if taken.IsError then
                    batch.Sessions[row].Dispose()

                number, taken
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
