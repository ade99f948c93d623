namespace A3.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// Hidden states after the last block, before the final norm, each [batch, position, width].
type Streams =
    {
        Content: torch.Tensor
        Query: torch.Tensor option
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

    /// The blocks as functions of their weights and rows; of the last one's rows only those from `firstKept` on are given, and what
    /// it would compute for the others is left out.
    let private blocks firstKept (architecture: Architecture) (weights: Weights) contentRows attention =
        let last = weights.Blocks.Length - 1

        weights.Blocks
        |> Array.mapi (fun layer block ->
            Block.make architecture block contentRows (if layer = last then firstKept else 0L) (attention layer))

    /// A block whose temporaries are gone behind it, but for what libtorch's backward pass needs.
    let step x block =
        use scope = torch.NewDisposeScope()
        Block.run block x |> scope.MoveToOuter

    /// The rows behind all blocks of a stack, [batch, row, width].
    let hidden (stack: Stack) =
        stack.Blocks |> Array.fold step stack.Rows

    /// The blocks over rows of which the first `contentRows` are content. `attend layer queries keys values` rotates the heads and
    /// gives the attention output of each query: [batch, heads, row, head width] from the new content rows' keys and values [batch, kv heads, content row, head
    /// width]; a cache is an `attend` that also remembers.
    let attending architecture weights contentRows attend rows =
        {
            Rows = rows
            Blocks = blocks 0L architecture weights contentRows (attend >> Attention.differentiated)
        }

    /// The rows behind all blocks of a stack, [batch, row, width], in the caller's scope.
    let run stack =
        stack.Blocks |> Array.fold (fun x block -> Block.run block x) stack.Rows

    /// The first block of a stack behind whose rows one has a number that is not finite, or that no norm can take; none where all are sound.
    let firstOverflow stack =
        stack.Blocks
        |> Seq.scan step stack.Rows
        |> Seq.tail
        |> Seq.tryFindIndex (Numbers.areNormable >> not)

    /// Embedded content tokens [batch, position] to [batch, position, width]. Of libtorch's two ways to look them up, one adds up its
    /// gradient in the same order every time on the CPU, the other on a GPU.
    let embed (weights: Weights) (tokens: torch.Tensor) =
        let rows: torch.Tensor =
            if tokens.device.``type`` = DeviceType.CUDA then
                weights.Embedding.index tokens
            else
                weights.Embedding
                    .index_select(0, tokens.flatten ())
                    .view(tokens.shape[0], tokens.shape[1], weights.Embedding.shape[1])

        rows.to_type weights.Computes

    /// Query rows [batch, row, width] of tensors [batch, row]; `preceding` is who may see the token before it, bool [batch, row], and
    /// those tokens embedded, [batch, row, width], whatever they be where nobody may.
    let queryRows
        architecture
        (weights: Weights)
        batch
        (count: int64)
        (preceding: unit -> torch.Tensor * torch.Tensor)
        =
        weights.QueryEmbedding
        |> Option.map (fun vector ->
            let learned = vector.to_type weights.Computes

            if architecture.QueryStream = QueryStream.Preceding then
                let seen, tokens = preceding ()
                torch.where (seen.unsqueeze -1, tokens, learned)
            else
                learned.expand (batch, count, -1L))

    /// Where RoPE reads the query rows of these positions.
    let queryPlaces architecture (positions: torch.Tensor) =
        match Architecture.queryShift architecture with
        | 0 -> positions
        | shift -> positions |> Numbers.addInteger -(int64 shift)

    /// The rows of a batch, all content rows before all query rows, so that the rows that have keys and values are one piece of memory:
    /// hidden states [1, row, width] of the streams wanted.
    let stack
        wanted
        architecture
        (weights: Weights)
        (layouts: LayoutTensors)
        (tokens: torch.Tensor)
        (rows: StreamRows)
        =
        let withContent = wanted <> Wanted.Query
        let flat, length = tokens.flatten (), tokens.shape[1]

        let tokensAt places =
            flat.index_select(0, places).unsqueeze 0

        let content = embed weights (tokensAt rows.Content)
        let contentRows = content.shape[1]

        let preceding () =
            (CompiledMask.seesPreceding layouts).flatten().index_select(0, rows.Query).unsqueeze 0,
            rows.Query
            |> Numbers.addInteger -1L
            |> _.clamp_min(0L)
            |> tokensAt
            |> embed weights

        let queries =
            if wanted = Wanted.Content || rows.Query.shape[0] = 0L then
                None
            else
                queryRows architecture weights 1L rows.Query.shape[0] preceding

        let positions =
            [|
                rows.Content |> Numbers.modulo length

                if queries.IsSome then
                    rows.Query |> Numbers.modulo length |> queryPlaces architecture
            |]

        let rotation dtype =
            Rotation.at architecture dtype (torch.cat(positions).unsqueeze 0)

        let streams =
            if queries.IsSome then
                [ Stream.Content; Stream.Query ]
            else
                [ Stream.Content ]

        let attention, attentionAtLast =
            StreamAttention.ofStreams
                architecture
                weights.Computes
                layouts
                rows
                rotation
                streams
                (if withContent then streams else [ Stream.Query ])

        let last = weights.Blocks.Length - 1

        {
            Rows = torch.cat ([| content; yield! Option.toArray queries |], 1L)
            Blocks =
                blocks (if withContent then 0L else contentRows) architecture weights contentRows (fun layer ->
                    if layer = last then attentionAtLast else attention)
        }

    /// Both streams over whole sequences of tokens [batch, position] under their layouts, uncached: content rows under
    /// `Mask.content`, query rows under `Mask.query`, both kept from padding and other documents. Positions 0..N-1.
    let forward (architecture: Architecture) (weights: Weights) (layouts: LayoutTensors) (tokens: torch.Tensor) =
        let batch, length = tokens.shape[0], tokens.shape[1]
        let nothing = torch.zeros (0L, dtype = torch.int64, device = tokens.device)

        let stack =
            StreamRows.all batch length nothing nothing tokens.device
            |> stack Wanted.Both architecture weights layouts tokens

        let streams = (hidden stack).view(-1L, batch, length, int64 architecture.Width)

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
        let attention =
            StreamAttention.causal
                architecture
                weights.Computes
                tokens.device
                (int tokens.shape[0])
                (int tokens.shape[1])

        let rows = embed weights (tokens.view (1L, -1L))

        {
            Rows = rows
            Blocks = blocks 0L architecture weights rows.shape[1] (fun _ -> attention)
        }

    /// Hidden rows [..., width] as the head reads them.
    let normalised architecture (weights: Weights) hidden =
        Norm.apply (Norm.make architecture weights.FinalNorm) hidden

    /// Logits of hidden rows [..., width]: [..., vocabulary].
    let logits architecture (weights: Weights) hidden =
        linear (normalised architecture weights hidden, weights.Head.to_type weights.Computes)
