namespace A3.Model.Tensors

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

        for layer in 0 .. architecture.Layers - 1 do
            use held = keys[layer].narrow(2, 0, int64 cache.Length)
            use heldValues = values[layer].narrow(2, 0, int64 cache.Length)
            fork.Extend(layer, held, heldValues) |> ignore

        fork.Length <- cache.Length
        fork

    interface IDisposable with
        member _.Dispose() =
            Array.append keys values |> Array.iter _.Dispose()

/// The KV cache as a transformation of the network: the same blocks, run with an `attend` that remembers.
[<RequireQualifiedAccess>]
module Cached =

    /// One pass of content rows (`tokens` [1, content row]) and `queries` query rows behind what is cached. `positions` is
    /// [1, row], content rows first; `mask` is bool [1, 1, row, cached + content row], None where every row sees all.
    /// Content rows join the cache. Gives hidden states [1, row, width] before the final norm (Law 9: equal to `TwoStream.forward`).
    let forward architecture (weights: Weights) (cache: Cache) (tokens: torch.Tensor) queries positions mask =
        let contentRows = tokens.shape[1]
        let content = TwoStream.embed weights tokens

        let rows =
            match TwoStream.queryRows weights 1L queries with
            | Some rows when queries > 0L -> torch.cat ([| content; rows |], 1L)
            | Some _
            | None -> content

        let attend layer query newKeys newValues =
            let keys, values = cache.Extend(layer, newKeys, newValues)
            TwoStream.attend architecture mask query keys values

        let hidden =
            TwoStream.run architecture weights (TwoStream.rotation architecture positions) contentRows attend rows

        cache.Length <- cache.Length + int contentRows
        hidden
