namespace A3.Tensors

open A3.Model
open A3.Kernels
open A3.Kernels.Attention
open TorchSharp

/// One of the streams whose rows a pass runs.
[<RequireQualifiedAccess>]
type Stream =
    | Content
    | Query

/// Attention of the rows of a pass over whole sequences to the content rows of their own: over spans where these are known and the device
/// is a CPU, else by compiled masks.
[<RequireQualifiedAccess>]
module StreamAttention =

    let private mask stream =
        match stream with
        | Stream.Content -> Mask.content
        | Stream.Query -> Mask.query

    let private places (rows: StreamRows) stream =
        match stream with
        | Stream.Content -> rows.Content
        | Stream.Query -> rows.Query

    /// How many rows a stream has in each sequence of a piece.
    let private count stream (piece: RowPiece) =
        match stream with
        | Stream.Content -> piece.Content
        | Stream.Query -> piece.Query

    /// [1, heads, sequence * row, head width] as [sequence, heads, row, head width], a view.
    let private bySequence (sequences: int64) (x: torch.Tensor) =
        x.view(x.shape[1], sequences, -1L, x.shape[3]).transpose(0, 1)

    /// [sequence, heads, row, head width] as [1, heads, sequence * row, head width], a view of what attention gives.
    let private inOneRow (x: torch.Tensor) =
        x.transpose(1, 2).flatten(0, 1).unsqueeze(0).transpose(1, 2)

    /// Rows of one stream and piece: what they may attend to, and how many there are.
    type private PieceBias =
        {
            Piece: int
            Rows: int64
            Bias: Attention.Bias
        }

    /// What the rows of a stream may attend to of the content rows of their piece; pieces without rows are left out.
    let private biases dtype layouts (rows: StreamRows) stream =
        let piecesOf stream =
            (places rows stream)
                .split(
                    rows.Pieces
                    |> List.map (fun piece -> piece.Sequences * count stream piece)
                    |> Array.ofList
                )

        List.zip3 rows.Pieces (List.ofArray (piecesOf stream)) (List.ofArray (piecesOf Stream.Content))
        |> List.indexed
        |> List.filter (fun (_, (piece, _, _)) -> count stream piece > 0L)
        |> List.map (fun (index, (piece, queries, keys)) ->
            let layoutsOf (places: torch.Tensor) =
                layouts |> CompiledMask.at (places.view (piece.Sequences, -1L))

            {
                Piece = index
                Rows = piece.Sequences * count stream piece
                Bias =
                    (CompiledMask.between (Mask.real (mask stream)) (layoutsOf queries) (layoutsOf keys)).unsqueeze 1
                    |> Attention.bias dtype
            })

    /// Attention of rows that lie stream by stream and piece by piece, each under its bias.
    let private attendByPiece
        architecture
        (pieces: RowPiece list)
        (biases: PieceBias list)
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

        let rows = queries.split (biases |> List.map _.Rows |> Array.ofList, 2L)

        biases
        |> List.mapi (fun index bias ->
            let sequences, keys, values = pieceOf bias.Piece
            let bySequence = bySequence sequences

            Attention.within architecture bias.Bias (bySequence rows[index]) (bySequence keys) (bySequence values)
            |> inOneRow)
        |> function
            | [] -> queries
            | [ alone ] -> alone
            | several -> torch.cat (Array.ofList several, 2L)

    /// Intervals of so many rows, one behind the other.
    let private intervals counts =
        counts
        |> List.mapFold (fun start count -> Interval(start, start + count), start + count) 0
        |> fst

    /// Attention over spans of the rows of some streams, one behind the other.
    let private spanned (rows: StreamRows) (spans: StreamSpans) rotation streams =
        let ofSequences stream =
            rows.Pieces
            |> List.collect (fun piece -> List.replicate (int piece.Sequences) (int (count stream piece)))

        let keys = ofSequences Stream.Content |> intervals

        let queries =
            streams
            |> List.collect ofSequences
            |> intervals
            |> List.chunkBySize keys.Length
            |> List.transpose

        let spans =
            streams
            |> List.map (fun stream ->
                match stream with
                | Stream.Content -> spans.Content
                | Stream.Query -> spans.Query)
            |> Array.concat

        Attention.overSpans
            {
                Sequences =
                    List.map2 (fun keys queries -> SpanSequence(keys, Array.ofList queries)) keys queries
                    |> Array.ofList
                Spans = spans |> Array.map (fun span -> Interval(span.First, span.End))
                KeyRotation = rotation |> Rotation.first rows.Content.shape[0]
                QueryRotation = rotation |> Rotation.last spans.LongLength
            }

    /// How the rows of some streams attend, in blocks of a number type, and how those of some of these do alone. Rows lie stream by stream,
    /// `rotation dtype` is theirs.
    let ofStreams architecture (dtype: torch.ScalarType) layouts (rows: StreamRows) rotation streams alone =
        match rows.Spans with
        | Some spans when CpuKernels.areFor rows.Content.device ->
            let spanned = spanned rows spans (rotation torch.float32)
            spanned streams, spanned alone
        | Some _
        | None ->
            let rotation: Rotation = rotation dtype

            let biases =
                streams |> List.map (fun stream -> stream, biases dtype layouts rows stream)

            let masked streams =
                let biases =
                    biases
                    |> List.collect (fun (stream, biases) -> if List.contains stream streams then biases else [])

                Attention.differentiated (fun queries keys values ->
                    let queries, keys = Rotation.rotate rotation queries keys
                    attendByPiece architecture rows.Pieces biases queries keys values)

            masked streams, masked alone

    /// How every row of sequences attends to those up to its own; the rows of all sequences lie behind one another.
    let causal architecture dtype (device: torch.Device) (sequences: int) (length: int) =
        let positions =
            (Numbers.range length device).unsqueeze(0).repeat(1L, int64 sequences)

        if CpuKernels.areFor device then
            let rotation = Rotation.at architecture torch.float32 positions

            let sequence index =
                let rows = Interval(index * length, (index + 1) * length)
                SpanSequence(rows, [| rows |])

            Attention.overSpans
                {
                    Sequences = Array.init sequences sequence
                    Spans = Array.init (sequences * length) (fun row -> Interval(0, row % length + 1))
                    KeyRotation = rotation
                    QueryRotation = rotation
                }
        else
            let rotation = Rotation.at architecture dtype positions

            Attention.differentiated (fun queries keys values ->
                let queries, keys = Rotation.rotate rotation queries keys
                let bySequence = bySequence sequences

                Attention.causal architecture (bySequence queries) (bySequence keys) (bySequence values)
                |> inOneRow)
