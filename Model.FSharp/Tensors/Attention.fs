namespace A3.Tensors

open System
open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// Attention of a block: which rows attend to which keys is known already, and so is how heads rotate.
type Attention =
    {
        /// Attention outputs of queries, keys and values.
        Outputs: torch.Tensor -> torch.Tensor -> torch.Tensor -> torch.Tensor
        /// The same as a differentiable operation on queries, keys and values.
        Run: torch.Tensor -> torch.Tensor -> torch.Tensor -> Operation
    }

/// Scaled dot-product attention, [batch, heads, row, head width] from queries of that shape and keys and values [batch, KV heads, key,
/// head width].
[<RequireQualifiedAccess>]
module Attention =

    /// KV heads repeated for their group of heads.
    let private spread (architecture: Architecture) (x: torch.Tensor) =
        match architecture.Heads / architecture.KvHeads with
        | 1 -> x
        | repeats -> x.repeat_interleave (int64 repeats, 1L)

    /// MKL's products over fewer numbers than this take a path of half the speed.
    let private narrowest = 16L

    /// The number type that attention over heads of one is computed in: over half precision on a CPU libtorch makes and forgets a kernel
    /// for every few rows, and is many times slower than over float32.
    let private computes (device: torch.Device) dtype =
        if device.``type`` = DeviceType.CPU then
            torch.float32
        else
            dtype

    /// Scaled dot-product attention. Narrow heads are widened by zeros, which leave the products as they are, and the scale that
    /// follows from the width is put right.
    let private dotProductAsGiven
        (mask: torch.Tensor | null)
        isCausal
        (queries: torch.Tensor)
        (keys: torch.Tensor)
        (values: torch.Tensor)
        =
        let width = queries.shape[3]
        let lacking = narrowest - width

        if lacking <= 0L then
            scaled_dot_product_attention (queries, keys, values, mask, 0.0, isCausal)
        else
            let widened (x: torch.Tensor) = pad (x, [| 0L; lacking |])
            let queries = queries |> Numbers.scale (sqrt (float narrowest / float width))

            scaled_dot_product_attention(widened queries, widened keys, widened values, mask, 0.0, isCausal)
                .narrow(3, 0L, width)

    let private dotProduct mask isCausal (queries: torch.Tensor) keys values =
        let computes = computes queries.device queries.dtype
        let converted (x: torch.Tensor) = x.to_type computes

        (dotProductAsGiven mask isCausal (converted queries) (converted keys) (converted values)).to_type queries.dtype

    /// Each row attends to those up to its own.
    let causal architecture queries keys values =
        dotProduct null true queries (spread architecture keys) (spread architecture values)

    /// Which rows may attend to which keys, as attention takes it.
    type Bias =
        {
            /// 0 where a row may attend to a key, else -infinity, [batch or 1, 1, row, key]; 0 in rows that may attend to none.
            Scores: torch.Tensor
            /// 0 for rows that may attend to none, else 1, [batch or 1, 1, row, 1].
            Outputs: torch.Tensor
        }

    /// Compiled once for all layers from bool [batch or 1, 1, row, key], for heads of a number type.
    let bias (dtype: torch.ScalarType) (mask: torch.Tensor) =
        use nothing = Double.NegativeInfinity.ToScalar()
        let attends = mask.any (-1L, true)
        let hidden = mask.logical_not().logical_and attends

        {
            Scores =
                torch
                    .zeros(mask.shape, dtype = computes mask.device dtype, device = mask.device)
                    .masked_fill_(hidden, nothing)
            Outputs = attends.to_type dtype
        }

    /// A softmax over no keys is undefined: rows that may attend to none attend everywhere and are multiplied by zero.
    let within architecture (bias: Bias) queries keys values =
        dotProduct bias.Scores false queries (spread architecture keys) (spread architecture values)
        * bias.Outputs

    /// Few rows over the keys and values of a cache: heads that share these are taken as rows of one head, so that a cache is read once
    /// and never copied. Without a bias every row attends to every key.
    let cached (architecture: Architecture) (bias: Bias option) (queries: torch.Tensor) keys (values: torch.Tensor) =
        let sharing = int64 (architecture.Heads / architecture.KvHeads)

        let mask =
            match bias with
            | None -> null
            | Some bias when sharing = 1L -> bias.Scores
            | Some bias -> bias.Scores.repeat (1L, 1L, sharing, 1L)

        let attended () =
            let rows =
                queries.reshape (queries.shape[0], values.shape[1], sharing * queries.shape[2], queries.shape[3])

            (dotProduct mask false rows keys values).reshape queries.shape

        match bias with
        | _ when values.shape[2] = 0L -> torch.zeros_like queries
        | None -> attended ()
        | Some bias -> attended () * bias.Outputs

    /// Attention that libtorch differentiates.
    let differentiated outputs =
        let run queries keys values =
            [ queries; keys; values ]
            |> Operation.byLibtorch (fun heads -> outputs heads[0] heads[1] heads[2])

        { Outputs = outputs; Run = run }

    /// Attention over spans, which libtorch does not differentiate.
    let internal overSpans (rows: SpanRows) =
        let rows = SpanRows.validated rows

        let own (queries: torch.Tensor) keys values =
            use _ = torch.no_grad ()
            let attended, logSumExps = SpanAttention.forward rows queries keys values
            attended.to_type queries.dtype, logSumExps

        {
            Outputs = fun queries keys values -> fst (own queries keys values)
            Run =
                fun queries keys values ->
                    let attended, logSumExps = own queries keys values

                    {
                        Output = attended
                        Saved = [ logSumExps ]
                        Backward =
                            fun gradient ->
                                SpanAttention.backward rows queries keys values logSumExps gradient
                                |> List.map _.to_type(queries.dtype)
                    }
        }
