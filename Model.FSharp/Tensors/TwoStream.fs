namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// Hidden states after the last block, before the final norm, each [batch, position, width].
type Streams =
    {
        Content: torch.Tensor
        Query: torch.Tensor option
    }

/// Rotations of RoPE for the rows of a pass, each [batch or 1, 1, row, head width / 2].
type Rotation =
    {
        Cosine: torch.Tensor
        Sine: torch.Tensor
    }

/// The two-stream LLaMA (design: content and query rows share every weight; keys and values come from content rows only).
/// Functions of weights, without state: training, scoring and cached decoding are compositions of the same blocks and
/// differ only in the `attend` they pass.
[<RequireQualifiedAccess>]
module TwoStream =

    let private rmsNorm (architecture: Architecture) (gain: torch.Tensor) (x: torch.Tensor) =
        let x32 = x.to_type torch.float32

        let scale =
            (x32 * x32).mean([| -1L |], true)
            |> Numbers.addNumber architecture.NormEpsilon
            |> _.rsqrt()

        (x32 * scale).to_type(x.dtype) * gain

    /// Rotations for row positions [batch or 1, row], float32.
    let rotation architecture (positions: torch.Tensor) =
        let frequencies =
            torch.tensor (Architecture.inverseFrequencies architecture, dtype = torch.float32)
            |> Numbers.place positions.device

        let angles =
            positions.to_type(torch.float32).unsqueeze(-1).mul(frequencies).unsqueeze 1

        {
            Cosine = angles.cos ()
            Sine = angles.sin ()
        }

    let private firstRows count (rotation: Rotation) =
        {
            Cosine = rotation.Cosine.narrow (2, 0, count)
            Sine = rotation.Sine.narrow (2, 0, count)
        }

    /// RoPE with half-rotation, as Hugging Face stores LLaMA: dimension i turns with dimension i + half.
    let private rotate rotation (x: torch.Tensor) =
        let halves = x.chunk (2L, -1L)
        let cosine = rotation.Cosine.to_type x.dtype
        let sine = rotation.Sine.to_type x.dtype

        torch.cat (
            [|
                halves[0] * cosine - halves[1] * sine
                Numbers.add (halves[1] * cosine) (halves[0] * sine)
            |],
            -1L
        )

    /// [batch, row, heads * head width] to [batch, heads, row, head width].
    let private heads (architecture: Architecture) (x: torch.Tensor) =
        x
            .view(x.shape[0], x.shape[1], x.shape[2] / int64 architecture.HeadWidth, int64 architecture.HeadWidth)
            .transpose(1, 2)

    let private mlp (block: BlockWeights) (x: torch.Tensor) =
        linear (silu (linear (x, block.Gate)) * linear (x, block.Up), block.Down)

    let private attention architecture (block: BlockWeights) rotation contentRows attend (x: torch.Tensor) =
        let content = x.narrow (1, 0, contentRows)
        let queries = linear (x, block.Query) |> heads architecture |> rotate rotation

        let keys =
            linear (content, block.Key)
            |> heads architecture
            |> rotate (firstRows contentRows rotation)

        let values = linear (content, block.Value) |> heads architecture
        let mixed: torch.Tensor = attend queries keys values
        linear (mixed.transpose(1, 2).flatten(2, 3), block.Output)

    let private runBlock
        (architecture: Architecture)
        (block: BlockWeights)
        rotation
        contentRows
        attend
        (x: torch.Tensor)
        =
        let norm1 = rmsNorm architecture block.AttentionNorm
        let norm2 = rmsNorm architecture block.MlpNorm

        let mixed =
            attention architecture block rotation contentRows attend (norm1 x)
            |> Numbers.add x


        match architecture.Residual with
        | Residual.PreNorm -> mlp block (norm2 mixed) |> Numbers.add mixed
        | Residual.Reference ->
            let h = norm2 mixed
            mlp block h |> Numbers.add h

    /// All blocks over rows [batch, row, width], the first `contentRows` of them content. `attend layer queries keys
    /// values` mixes the values for each query: [batch, heads, row, head width] from the new content rows' keys and values
    /// [batch, kv heads, content row, head width]; a cache is an `attend` that also remembers.
    let run (architecture: Architecture) (weights: Weights) rotation contentRows attend rows =
        weights.Blocks
        |> Array.indexed
        |> Array.fold (fun x (layer, block) -> runBlock architecture block rotation contentRows (attend layer) x) rows

    /// KV heads repeated for their group of heads.
    let private spread (architecture: Architecture) (x: torch.Tensor) =
        match architecture.Heads / architecture.KvHeads with
        | 1 -> x
        | repeats -> x.repeat_interleave (int64 repeats, 1L)

    /// Each row attends to those up to its own.
    let private attendCausally architecture queries keys values =
        scaled_dot_product_attention (queries, spread architecture keys, spread architecture values, null, 0.0, true)

    /// Scaled dot-product attention in which a row that may see no key gets 0. `mask` is bool
    /// [batch or 1, 1, row, key] or None where every row sees every key; KV heads are repeated for their group of heads.
    let attend
        (architecture: Architecture)
        (mask: torch.Tensor option)
        (queries: torch.Tensor)
        (keys: torch.Tensor)
        values
        =
        let mix mask =
            scaled_dot_product_attention (
                queries,
                spread architecture keys,
                spread architecture values,
                mask,
                0.0,
                false
            )

        match mask with
        | _ when keys.shape[2] = 0L -> torch.zeros_like queries
        | None -> mix null
        | Some mask ->
            // A softmax over no keys is undefined: blind rows attend everywhere and are multiplied by zero.
            let sees = mask.any (-1L, true)
            (mix (mask.logical_or (sees.logical_not ()))) * sees.to_type queries.dtype

    /// Embedded content tokens [batch, position] to [batch, position, width].
    let embed (weights: Weights) (tokens: torch.Tensor) =
        weights.Embedding
            .index_select(0, tokens.flatten ())
            .view(tokens.shape[0], tokens.shape[1], weights.Embedding.shape[1])

    /// `count` query rows per sequence, [batch, count, width]: the one learned vector, repeated.
    let queryRows (weights: Weights) (batch: int64) (count: int64) =
        weights.QueryEmbedding
        |> Option.map (fun vector -> vector.expand (batch, count, -1L))

    /// Both streams over whole sequences of tokens [batch, position] under their layouts, uncached: content rows under
    /// `Mask.content`, query rows under `Mask.query`, both kept from padding and other documents. Positions 0..N-1.
    let forward (architecture: Architecture) (weights: Weights) (layouts: LayoutTensors) (tokens: torch.Tensor) =
        let batch, length = tokens.shape[0], tokens.shape[1]
        let content = embed weights tokens
        let contentMask = CompiledMask.compile (Mask.real Mask.content) layouts

        let rows, mask, streams =
            match queryRows weights batch length with
            | None -> content, contentMask, 1L
            | Some queries ->
                let queryMask = CompiledMask.compile (Mask.real Mask.query) layouts
                torch.cat ([| content; queries |], 1L), torch.cat ([| contentMask; queryMask |], 1L), 2L

        let positions = (Numbers.range length tokens.device).repeat(streams).unsqueeze 0

        let attend = attend architecture (Some(mask.unsqueeze 1))

        let hidden =
            run architecture weights (rotation architecture positions) length (fun _ -> attend) rows

        {
            Content = hidden.narrow (1, 0, length)
            Query =
                if streams = 2L then
                    Some(hidden.narrow (1, length, length))
                else
                    None
        }

    /// The content stream alone, without evidence, padding or a mask: what a plain causal LLaMA computes, [batch, position, width].
    let causal architecture (weights: Weights) (tokens: torch.Tensor) =
        let positions = (Numbers.range tokens.shape[1] tokens.device).unsqueeze 0

        let attend _ queries keys values =
            attendCausally architecture queries keys values

        embed weights tokens
        |> run architecture weights (rotation architecture positions) tokens.shape[1] attend

    /// Hidden rows [..., width] as the head reads them.
    let normed architecture (weights: Weights) hidden =
        rmsNorm architecture weights.FinalNorm hidden

    /// Logits of hidden rows [..., width]: [..., vocabulary].
    let logits architecture (weights: Weights) hidden =
        linear (normed architecture weights hidden, weights.Head)
