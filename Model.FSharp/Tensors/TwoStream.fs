namespace A3.Model.Tensors

open System
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

/// One block of a pass: the tensors it reads, and what it makes of rows [batch, row, width].
type Block =
    {
        Weights: torch.Tensor list
        Run: torch.Tensor -> torch.Tensor
    }

/// Whose hidden states a pass is run for; what only the others' would need is left out.
[<RequireQualifiedAccess>]
type Wanted =
    | Content
    | Query
    | Both

/// A pass that has not been run: the embedded rows, and the blocks they go through.
type Stack = { Rows: torch.Tensor; Blocks: Block[] }

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

        (x32 * scale).to_type(x.dtype) * gain.to_type x.dtype

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

    let private rows first count (rotation: Rotation) =
        {
            Cosine = rotation.Cosine.narrow (2, first, count)
            Sine = rotation.Sine.narrow (2, first, count)
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
        silu (Projection.apply block.Gate x) * Projection.apply block.Up x
        |> Projection.apply block.Down

    /// The rows of [batch, row, width] from one on.
    let private from first (x: torch.Tensor) =
        if first = 0L then
            x
        else
            x.narrow (1, first, x.shape[1] - first)

    let private attention architecture (block: BlockWeights) rotation contentRows firstKept attend (x: torch.Tensor) =
        let content = x.narrow (1, 0, contentRows)

        let queries =
            Projection.apply block.Query (from firstKept x)
            |> heads architecture
            |> rotate (rows firstKept (x.shape[1] - firstKept) rotation)

        let keys =
            Projection.apply block.Key content
            |> heads architecture
            |> rotate (rows 0L contentRows rotation)

        let values = Projection.apply block.Value content |> heads architecture
        let mixed: torch.Tensor = attend queries keys values
        mixed.transpose(1, 2).flatten(2, 3) |> Projection.apply block.Output

    /// A block over rows of which those before `firstKept` are needed no more: they give keys and values only.
    let private runBlock
        (architecture: Architecture)
        (block: BlockWeights)
        rotation
        contentRows
        firstKept
        attend
        (x: torch.Tensor)
        =
        let norm1 = rmsNorm architecture block.AttentionNorm
        let norm2 = rmsNorm architecture block.MlpNorm

        let mixed =
            attention architecture block rotation contentRows firstKept attend (norm1 x)
            |> Numbers.add (from firstKept x)

        match architecture.Residual with
        | Residual.PreNorm -> mlp block (norm2 mixed) |> Numbers.add mixed
        | Residual.Reference ->
            let h = norm2 mixed
            mlp block h |> Numbers.add h

    /// The blocks as functions of their weights and rows; of the last one's rows only those from `firstKept` on are given, and what
    /// it would compute for the others is left out.
    let private blocks firstKept (architecture: Architecture) (weights: Weights) rotation contentRows attend =
        let last = weights.Blocks.Length - 1

        weights.Blocks
        |> Array.mapi (fun layer block ->
            let firstKept = if layer = last then firstKept else 0L

            {
                Weights = Weights.ofBlock block
                Run = runBlock architecture block rotation contentRows firstKept (attend layer)
            })

    /// All blocks over rows [batch, row, width], the first `contentRows` of them content. `attend layer queries keys
    /// values` mixes the values for each query: [batch, heads, row, head width] from the new content rows' keys and values
    /// [batch, kv heads, content row, head width]; a cache is an `attend` that also remembers.
    let run architecture weights rotation contentRows attend rows =
        blocks 0L architecture weights rotation contentRows attend
        |> Array.fold (fun x block -> block.Run x) rows

    /// KV heads repeated for their group of heads.
    let private spread (architecture: Architecture) (x: torch.Tensor) =
        match architecture.Heads / architecture.KvHeads with
        | 1 -> x
        | repeats -> x.repeat_interleave (int64 repeats, 1L)

    /// Each row attends to those up to its own.
    let private attendCausally architecture queries keys values =
        scaled_dot_product_attention (queries, spread architecture keys, spread architecture values, null, 0.0, true)

    /// Who may see whom, as attention takes it.
    type private Sight =
        {
            /// 0 where a row may see a key, else -infinity, [batch or 1, 1, row, key]; rows that may see none see all.
            Mask: torch.Tensor
            /// 0 for rows that may see none, else 1, [batch or 1, 1, row, 1].
            Sees: torch.Tensor
        }

    /// Compiled once for all layers from bool [batch or 1, 1, row, key].
    let private sight (dtype: torch.ScalarType) (mask: torch.Tensor) =
        use nothing = Double.NegativeInfinity.ToScalar()
        let sees = mask.any (-1L, true)
        let hidden = mask.logical_not().logical_and sees

        {
            Mask = torch.zeros(mask.shape, dtype = dtype, device = mask.device).masked_fill_(hidden, nothing)
            Sees = sees.to_type dtype
        }

    /// A softmax over no keys is undefined: rows that see none attend everywhere and are multiplied by zero.
    let private attendWith architecture (sight: Sight) queries keys values =
        scaled_dot_product_attention (
            queries,
            spread architecture keys,
            spread architecture values,
            sight.Mask,
            0.0,
            false
        )
        * sight.Sees

    /// Scaled dot-product attention in which a row that may see no key gets 0. `mask` is bool
    /// [batch or 1, 1, row, key] or None where every row sees every key; KV heads are repeated for their group of heads.
    let attend
        (architecture: Architecture)
        (mask: torch.Tensor option)
        (queries: torch.Tensor)
        (keys: torch.Tensor)
        (values: torch.Tensor)
        =
        match mask with
        | _ when keys.shape[2] = 0L -> torch.zeros_like queries
        | None ->
            scaled_dot_product_attention (
                queries,
                spread architecture keys,
                spread architecture values,
                null,
                0.0,
                false
            )
        | Some mask -> attendWith architecture (sight queries.dtype mask) queries keys values

    /// Embedded content tokens [batch, position] to [batch, position, width].
    let embed (weights: Weights) (tokens: torch.Tensor) =
        weights.Embedding
            .index_select(0, tokens.flatten ())
            .view(tokens.shape[0], tokens.shape[1], weights.Embedding.shape[1])
            .to_type
            weights.Computes

    /// `count` query rows per sequence, [batch, count, width]: the one learned vector, repeated.
    let queryRows (weights: Weights) (batch: int64) (count: int64) =
        weights.QueryEmbedding
        |> Option.map (fun vector -> vector.to_type(weights.Computes).expand(batch, count, -1L))

    /// [1, heads, batch * row, head width] as [batch, heads, row, head width], a view.
    let private bySequence batch (x: torch.Tensor) =
        x.view(x.shape[1], batch, -1L, x.shape[3]).transpose(0, 1)

    /// [batch, heads, row, head width] as [1, heads, batch * row, head width], a view of what attention gives.
    let private inOneRow (x: torch.Tensor) =
        x.transpose(1, 2).flatten(0, 1).unsqueeze(0).transpose(1, 2)

    /// Attention of the streams in turn, each under its own sight, over rows that lie stream by stream, sequence by sequence.
    let private attendByStream architecture batch (sights: Sight list) (queries: torch.Tensor) keys values =
        let keys, values = bySequence batch keys, bySequence batch values
        let streams = queries.chunk (int64 sights.Length, 2L)

        sights
        |> List.mapi (fun stream sight ->
            attendWith architecture sight (bySequence batch streams[stream]) keys values
            |> inOneRow)
        |> function
            | [ alone ] -> alone
            | several -> torch.cat (Array.ofList several, 2L)

    /// The streams of a batch, sequence after sequence, all content rows before all query rows, so that the rows that have keys and
    /// values are one piece of memory: hidden states [1, stream * batch * position, width] of the streams wanted.
    let stack wanted architecture (weights: Weights) (layouts: LayoutTensors) (tokens: torch.Tensor) =
        let batch, length = tokens.shape[0], tokens.shape[1]
        let withContent = wanted <> Wanted.Query
        let content = embed weights tokens

        let sight mask =
            (CompiledMask.compile (Mask.real mask) layouts).unsqueeze 1
            |> sight content.dtype

        let rows, sights =
            match queryRows weights batch length with
            | None -> [ content ], [ sight Mask.content ]
            | Some _ when wanted = Wanted.Content -> [ content ], [ sight Mask.content ]
            | Some queries -> [ content; queries ], [ sight Mask.content; sight Mask.query ]

        let positions =
            (Numbers.range length tokens.device).repeat(batch * int64 rows.Length).unsqueeze 0

        let last = weights.Blocks.Length - 1

        let attend layer =
            if layer = last && not withContent then
                attendByStream architecture batch (List.tail sights)
            else
                attendByStream architecture batch sights

        {
            Rows =
                rows
                |> List.map (fun rows -> rows.reshape (1L, batch * length, -1L))
                |> Array.ofList
                |> fun rows -> torch.cat (rows, 1L)
            Blocks =
                blocks
                    (if withContent then 0L else batch * length)
                    architecture
                    weights
                    (rotation architecture positions)
                    (batch * length)
                    attend
        }

    /// Both streams over whole sequences of tokens [batch, position] under their layouts, uncached: content rows under
    /// `Mask.content`, query rows under `Mask.query`, both kept from padding and other documents. Positions 0..N-1.
    let forward (architecture: Architecture) (weights: Weights) (layouts: LayoutTensors) (tokens: torch.Tensor) =
        let stack = stack Wanted.Both architecture weights layouts tokens

        let streams =
            (stack.Blocks |> Array.fold (fun x block -> block.Run x) stack.Rows)
                .view(-1L, tokens.shape[0], tokens.shape[1], int64 architecture.Width)

        {
            Content = streams.select (0, 0)
            Query =
                if streams.shape[0] = 2L then
                    Some(streams.select (0, 1))
                else
                    None
        }

    /// The content stream alone, without evidence, padding or a mask: what a plain causal LLaMA computes of tokens [batch,
    /// position].
    let causalStack architecture (weights: Weights) (tokens: torch.Tensor) =
        let positions = (Numbers.range tokens.shape[1] tokens.device).unsqueeze 0

        let attend _ queries keys values =
            attendCausally architecture queries keys values

        {
            Rows = embed weights tokens
            Blocks = blocks 0L architecture weights (rotation architecture positions) tokens.shape[1] attend
        }

    /// Hidden rows [..., width] as the head reads them.
    let normed architecture (weights: Weights) hidden =
        rmsNorm architecture weights.FinalNorm hidden

    /// Logits of hidden rows [..., width]: [..., vocabulary].
    let logits architecture (weights: Weights) hidden =
        linear (normed architecture weights hidden, weights.Head.to_type weights.Computes)
