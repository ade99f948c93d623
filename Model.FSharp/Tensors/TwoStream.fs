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
    let private blocks firstKept (architecture: Architecture) (weights: Weights) rotation contentRows attend =
        let last = weights.Blocks.Length - 1

        weights.Blocks
        |> Array.mapi (fun layer block ->
            let firstKept = if layer = last then firstKept else 0L

            {
                Weights = Weights.ofBlock block
                Run = Block.run architecture block rotation contentRows firstKept (attend layer)
            })

    /// All blocks over rows [batch, row, width], the first `contentRows` of them content. `attend layer queries keys
    /// values` mixes the values for each query: [batch, heads, row, head width] from the new content rows' keys and values
    /// [batch, kv heads, content row, head width]; a cache is an `attend` that also remembers.
    let run architecture weights rotation contentRows attend rows =
        blocks 0L architecture weights rotation contentRows attend
        |> Array.fold (fun x block -> block.Run x) rows

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

    /// [1, heads, batch * row, head width] as [batch, heads, row, head width], a view.
    let private bySequence batch (x: torch.Tensor) =
        x.view(x.shape[1], batch, -1L, x.shape[3]).transpose(0, 1)

    /// [batch, heads, row, head width] as [1, heads, batch * row, head width], a view of what attention gives.
    let private inOneRow (x: torch.Tensor) =
        x.transpose(1, 2).flatten(0, 1).unsqueeze(0).transpose(1, 2)

    /// Attention of the streams in turn, each under its own sight, over rows that lie stream by stream, sequence by sequence.
    let private attendByStream architecture batch (sights: Attention.Sight list) (queries: torch.Tensor) keys values =
        let keys, values = bySequence batch keys, bySequence batch values
        let streams = queries.chunk (int64 sights.Length, 2L)

        sights
        |> List.mapi (fun stream sight ->
            Attention.within architecture sight (bySequence batch streams[stream]) keys values
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
            |> Attention.sight content.dtype

        let rows, sights =
            let preceding () =
                CompiledMask.seesPreceding layouts, content.roll (1L, 1L)

            match queryRows architecture weights batch length preceding with
            | Some queries when wanted <> Wanted.Content ->
                [ content; queries ], [ sight Mask.content; sight Mask.query ]
            | Some _
            | None -> [ content ], [ sight Mask.content ]

        let positions =
            let own = (Numbers.range length tokens.device).repeat batch

            rows
            |> List.mapi (fun stream _ -> if stream = 0 then own else queryPlaces architecture own)
            |> Array.ofList
            |> fun positions -> torch.cat(positions).unsqueeze 0

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
                    (Rotation.at architecture weights.Computes positions)
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
            Attention.causal architecture queries keys values

        {
            Rows = embed weights tokens
            Blocks =
                blocks
                    0L
                    architecture
                    weights
                    (Rotation.at architecture weights.Computes positions)
                    tokens.shape[1]
                    attend
        }

    /// Hidden rows [..., width] as the head reads them.
    let normed architecture (weights: Weights) hidden =
        Block.norm architecture weights.FinalNorm hidden

    /// Logits of hidden rows [..., width]: [..., vocabulary].
    let logits architecture (weights: Weights) hidden =
        linear (normed architecture weights hidden, weights.Head.to_type weights.Computes)
