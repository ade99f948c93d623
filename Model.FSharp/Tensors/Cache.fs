namespace A3.Tensors

open System
open A3.Model
open TorchSharp

/// Keys and values of one sequence, one row per committed token in the order of generation; RoPE was applied with the true
/// position. Preallocated: per layer [1, KV heads, capacity, head width]. Owns its tensors.
[<Sealed>]
type Cache(architecture: Architecture, capacity: int, dtype: torch.ScalarType, device: torch.Device) =
    do Native.ensure ()

    let allocate () =
        Array.init architecture.Layers (fun _ ->
            torch
                .zeros(
                    [|
                        1L
                        int64 architecture.KvHeads
                        int64 capacity
                        int64 architecture.HeadWidth
                    |],
                    dtype = dtype,
                    device = device
                )
                .DetachFromDisposeScope())

    let keys = allocate ()
    let values = allocate ()

    /// Rows held.
    member val Length = 0 with get, set

    member _.Capacity = capacity

    /// Writes the keys and values of new rows behind the cached ones of a layer, without counting them yet, and gives all
    /// of that layer's keys and values as views.
    member cache.Extend(layer: int, newKeys: torch.Tensor, newValues: torch.Tensor) =
        let start, count = int64 cache.Length, newKeys.shape[2]

        let extend (store: torch.Tensor) (rows: torch.Tensor) =
            store.narrow(2, start, count).copy_ rows |> ignore
            store.narrow (2, 0, start + count)

        extend keys[layer] newKeys, extend values[layer] newValues

    /// A cache of its own with the same rows.
    member cache.Fork() =
        let fork = new Cache(architecture, capacity, dtype, device)
        use _ = torch.NewDisposeScope()

        for layer in 0 .. architecture.Layers - 1 do
            let held (store: torch.Tensor) = store.narrow (2, 0, int64 cache.Length)

            fork.Extend(layer, held keys[layer], held values[layer]) |> ignore

        fork.Length <- cache.Length
        fork

    interface IDisposable with
        member _.Dispose() =
            Array.append keys values |> Array.iter _.Dispose()

/// What one sequence brings to a pass: content rows to append, query rows, and which of them may attend to what.
type CachedRows =
    {
        Cache: Cache
        Content: int
        Queries: int
        /// bool [1, 1, row, cached + content row], content rows first; None where every row attends to all.
        Mask: torch.Tensor option
    }

/// The rows of all sequences of a pass, int64.
type RowTensors =
    {
        /// Of content rows, [1, content row].
        Tokens: torch.Tensor
        /// Of content rows, [1, content row].
        Positions: torch.Tensor
        /// [1, query row].
        QueryPositions: torch.Tensor
        /// The token before each query's position, -1 where it may not attend to it, [1, query row].
        Preceding: torch.Tensor
    }

/// The KV cache as a transformation of the network: the same blocks, run with an `attend` that remembers.
[<RequireQualifiedAccess>]
module Cached =

    /// Consecutive pieces along the row axis of [.., .., row, ..].
    let private pieces (counts: int[]) (x: torch.Tensor) =
        let starts = counts |> Array.scan (+) 0

        counts
        |> Array.mapi (fun index count -> x.narrow (2, int64 starts[index], int64 count))

    let private firstRows count (x: torch.Tensor) = x.narrow (2, 0, int64 count)

    let private lastRows count (x: torch.Tensor) =
        x.narrow (2, x.shape[2] - int64 count, int64 count)

    /// Each sequence attends to its own keys and values.
    let private attendEach
        architecture
        (sequences: CachedRows[])
        (biases: Attention.Bias option[])
        layer
        (queries: torch.Tensor)
        newKeys
        newValues
        =
        let contents = sequences |> Array.map _.Content
        let counts = Array.append contents (sequences |> Array.map _.Queries)
        let rows = pieces counts queries
        let keys, values = pieces contents newKeys, pieces contents newValues

        let attended =
            sequences
            |> Array.mapi (fun index sequence ->
                let own = torch.cat ([| rows[index]; rows[sequences.Length + index] |], 2L)

                let keys, values = sequence.Cache.Extend(layer, keys[index], values[index])
                Attention.cached architecture biases[index] own keys values)

        Array.append
            (Array.map2 (fun (sequence: CachedRows) -> firstRows sequence.Content) sequences attended)
            (Array.map2 (fun (sequence: CachedRows) -> lastRows sequence.Queries) sequences attended)
        |> fun parts -> torch.cat (parts, 2L)

    let private attend architecture rotation (sequences: CachedRows[]) biases layer queries newKeys newValues =
        let queries, newKeys = Rotation.rotate rotation queries newKeys

        match sequences with
        | [| alone |] ->
            let keys, values = alone.Cache.Extend(layer, newKeys, newValues)
            Attention.cached architecture (Array.head biases) queries keys values
        | several -> attendEach architecture several biases layer queries newKeys newValues

    /// A pass that has not been run, over the rows of all sequences behind what each has cached: the content rows of all, then the query
    /// rows of all. Content rows are written behind their caches.
    let private stack architecture (weights: Weights) (sequences: CachedRows[]) (rows: RowTensors) =
        let content = TwoStream.embed weights rows.Tokens
        let queries = rows.QueryPositions.shape[1]

        let preceding () =
            let none = torch.full_like (rows.Preceding, 0L)
            rows.Preceding.ge none, TwoStream.embed weights (rows.Preceding.maximum none)

        let streams =
            match TwoStream.queryRows architecture weights 1L queries preceding with
            | Some rows when queries > 0L -> [| content; rows |]
            | Some _
            | None -> [| content |]

        let places =
            torch.cat ([| rows.Positions; TwoStream.queryPlaces architecture rows.QueryPositions |], 1L)

        let biases =
            sequences
            |> Array.map (fun sequence -> sequence.Mask |> Option.map (Attention.bias weights.Computes))

        TwoStream.attending
            architecture
            weights
            content.shape[1]
            (attend architecture (Rotation.at architecture weights.Computes places) sequences biases)
            (torch.cat (streams, 1L))

    /// One pass over the rows of all sequences. Content rows join their caches. Gives hidden states [1, row, width] before the final norm
    /// (Law 9: equal to `TwoStream.forward`).
    let forward architecture weights (sequences: CachedRows[]) rows =
        let hidden = stack architecture weights sequences rows |> TwoStream.run

        for sequence in sequences do
            sequence.Cache.Length <- sequence.Cache.Length + sequence.Content

        hidden

    /// The first layer in which a number of the same pass is not finite, or no norm can take it; none where all are sound. Nothing joins a
    /// cache.
    let firstOverflow architecture weights sequences rows =
        stack architecture weights sequences rows |> TwoStream.firstOverflow
