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
    let private blocks firstKept (architecture: Architecture) (weights: Weights) contentRows attention =
        let last = weights.Blocks.Length - 1

        weights.Blocks
        |> Array.mapi (fun layer block ->
            Block.make architecture block contentRows (if layer = last then firstKept else 0L) (attention layer))

    /// A block whose temporaries are gone behind it, but for what libtorch's way back needs.
    let step x block =
        use scope = torch.NewDisposeScope()
        Block.run block x |> scope.MoveToOuter

    /// The rows behind all blocks of a stack, [batch, row, width].
    let hidden (stack: Stack) = stack.Blocks |> Array.fold step stack.Rows

    /// All blocks over rows [batch, row, width], the first `contentRows` of them content. `attend layer queries keys
    /// values` turns the heads and mixes the values for each query: [batch, heads, row, head width] from the new content rows' keys and
    /// values [batch, kv heads, content row, head width]; a cache is an `attend` that also remembers.
    let run architecture weights contentRows attend rows =
        blocks 0L architecture weights contentRows (attend >> Attention.differentiated)
        |> Array.fold (fun x block -> Block.run block x) rows

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

    /// [1, heads, sequence * row, head width] as [sequence, heads, row, head width], a view.
    let private bySequence (sequences: int64) (x: torch.Tensor) =
        x.view(x.shape[1], sequences, -1L, x.shape[3]).transpose(0, 1)

    /// [sequence, heads, row, head width] as [1, heads, sequence * row, head width], a view of what attention gives.
    let private inOneRow (x: torch.Tensor) =
        x.transpose(1, 2).flatten(0, 1).unsqueeze(0).transpose(1, 2)

    /// Rows of one stream and piece: what they may see, and how many there are.
    type private Sight =
        {
            Piece: int
            Rows: int64
            Sees: Attention.Sight
        }

    /// What the rows of a stream may see of the content rows of their piece; pieces without rows are left out.
    let private sights dtype layouts (rows: StreamRows) mask places (count: RowPiece -> int64) =
        let pieces count (places: torch.Tensor) =
            places.split (
                rows.Pieces
                |> List.map (fun piece -> piece.Sequences * count piece)
                |> Array.ofList
            )

        List.zip3 rows.Pieces (List.ofArray (pieces count places)) (List.ofArray (pieces _.Content rows.Content))
        |> List.indexed
        |> List.filter (fun (_, (piece, _, _)) -> count piece > 0L)
        |> List.map (fun (index, (piece, queries, keys)) ->
            let layoutsOf (places: torch.Tensor) =
                layouts |> CompiledMask.at (places.view (piece.Sequences, -1L))

            {
                Piece = index
                Rows = piece.Sequences * count piece
                Sees =
                    (CompiledMask.between (Mask.real mask) (layoutsOf queries) (layoutsOf keys)).unsqueeze 1
                    |> Attention.sight dtype
            })

    /// Attention of rows that lie stream by stream and piece by piece, each under its sight.
    let private attendByPiece
        architecture
        (pieces: RowPiece list)
        (sights: Sight list)
        (queries: torch.Tensor)
        keys
        values
        =
        let pieceOf =
            let pieces = Array.ofList pieces
            let sizes = pieces |> Array.map (fun piece -> piece.Sequences * piece.Content)

            let keys, values =
                (keys: torch.Tensor).split(sizes, 2L), (values: torch.Tensor).split(sizes, 2L)

            fun index -> pieces[index].Sequences, keys[index], values[index]

        let rows = queries.split (sights |> List.map _.Rows |> Array.ofList, 2L)

        sights
        |> List.mapi (fun index sight ->
            let sequences, keys, values = pieceOf sight.Piece
            let bySequence = bySequence sequences

            Attention.within architecture sight.Sees (bySequence rows[index]) (bySequence keys) (bySequence values)
            |> inOneRow)
        |> function
            | [] -> queries
            | [ alone ] -> alone
            | several -> torch.cat (Array.ofList several, 2L)

    /// Attention of a pass's rows under masks compiled from layouts; rows lie stream by stream and piece by piece, and `rotation` is that
    /// of all, of which the last attend.
    let private masked architecture (pieces: RowPiece list) rotation sights =
        Attention.differentiated (fun queries keys values ->
            let queries, keys = Rotation.turned rotation queries keys
            attendByPiece architecture pieces sights queries keys values)

    /// Stretches of so many rows, one behind the other.
    let private stretches first counts =
        let starts = counts |> List.scan (+) first
        List.map2 (fun start count -> { Start = start; Count = count }) (List.take (List.length counts) starts) counts

    /// Attention of a pass's rows over spans of content rows: those of the streams given, one behind the other, which are the last.
    let private spanned (rows: StreamRows) rotation (streams: ((RowPiece -> int64) * Span[]) list) =
        let each count =
            rows.Pieces
            |> List.collect (fun piece -> List.replicate (int piece.Sequences) (int (count piece)))

        let keys = each _.Content |> stretches 0
        let spans = streams |> List.map snd |> Array.concat

        let queries =
            streams
            |> List.collect (fst >> each)
            |> stretches 0
            |> List.chunkBySize keys.Length
            |> List.transpose

        let behind = (rotation: Rotation).Cosine.shape[2] - spans.LongLength

        Attention.overSpans
            {
                Sequences =
                    List.map2 (fun keys queries -> { Keys = keys; Queries = queries }) keys queries
                    |> Array.ofList
                Spans = spans
                KeyRotation = Rotation.rows 0L rows.Content.shape[0] rotation
                QueryRotation = Rotation.rows behind spans.LongLength rotation
            }

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

        /// Attention of all rows, and of the query rows alone.
        let ofAll, ofQueries =
            let ofBoth content query =
                (if queries.IsSome then content @ query else content), query

            match rows.Spans with
            | Some spans when SpanAttention.isFor tokens.device ->
                let content: RowPiece -> int64 = _.Content
                let query: RowPiece -> int64 = _.Query
                let rotation = rotation torch.float32
                let all, queries = ofBoth [ content, spans.Content ] [ query, spans.Query ]
                spanned rows rotation all, spanned rows rotation queries
            | Some _
            | None ->
                let rotation = rotation weights.Computes
                let sights = sights content.dtype layouts rows

                let all, queries =
                    ofBoth (sights Mask.content rows.Content _.Content) (sights Mask.query rows.Query _.Query)

                masked architecture rows.Pieces rotation all, masked architecture rows.Pieces rotation queries

        let last = weights.Blocks.Length - 1

        {
            Rows = torch.cat ([| content; yield! Option.toArray queries |], 1L)
            Blocks =
                blocks (if withContent then 0L else contentRows) architecture weights contentRows (fun layer ->
                    if layer = last && not withContent then
                        ofQueries
                    else
                        ofAll)
        }

    /// Both streams over whole sequences of tokens [batch, position] under their layouts, uncached: content rows under
    /// `Mask.content`, query rows under `Mask.query`, both kept from padding and other documents. Positions 0..N-1.
    let forward (architecture: Architecture) (weights: Weights) (layouts: LayoutTensors) (tokens: torch.Tensor) =
        let batch, length = tokens.shape[0], tokens.shape[1]
        let nothing = torch.zeros (0L, dtype = torch.int64, device = tokens.device)

        let stack =
            StreamRows.all batch length nothing nothing tokens.device
            |> stack Wanted.Both architecture weights layouts tokens

        let streams =
            (hidden stack).view(-1L, batch, length, int64 architecture.Width)

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
        let batch, length = int tokens.shape[0], int tokens.shape[1]
        let rows = embed weights tokens
        let positions = (Numbers.range length tokens.device).unsqueeze 0

        let ofRows (rows: torch.Tensor) attention =
            {
                Rows = rows
                Blocks = blocks 0L architecture weights rows.shape[1] (fun _ -> attention)
            }

        if SpanAttention.isFor tokens.device then
            let rotation =
                Rotation.at architecture torch.float32 (positions.repeat (1L, int64 batch))

            Attention.overSpans
                {
                    Sequences =
                        Array.init batch (fun sequence ->
                            let rows =
                                {
                                    Start = sequence * length
                                    Count = length
                                }

                            { Keys = rows; Queries = [ rows ] })
                    Spans = Array.init (batch * length) (fun row -> { First = 0; End = row % length + 1 })
                    KeyRotation = rotation
                    QueryRotation = rotation
                }
            |> ofRows (rows.view (1L, -1L, rows.shape[2]))
        else
            let turned =
                Rotation.apply (Rotation.at architecture weights.Computes positions)

            Attention.differentiated (fun queries keys values ->
                Attention.causal architecture (turned queries) (turned keys) values)
            |> ofRows rows

    /// Hidden rows [..., width] as the head reads them.
    let normed architecture (weights: Weights) hidden =
        Block.norm architecture weights.FinalNorm hidden

    /// Logits of hidden rows [..., width]: [..., vocabulary].
    let logits architecture (weights: Weights) hidden =
        linear (normed architecture weights hidden, weights.Head.to_type weights.Computes)
