namespace A3.Tensors

#nowarn "9"

open System
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Attention over spans of keys on a CPU, and its gradient, in float32: tiles of scores that no row sees are left out, there is no mask,
/// nothing as large as the scores is kept, and heads are turned by RoPE where they are read. Every number is a sum in an order of its
/// own, whatever the number of threads. After FlashAttention (Dao et al. 2022, arXiv 2205.14135).
[<RequireQualifiedAccess>]
module internal SpanAttention =

    /// Rows whose gradients towards keys and values are summed up at once, whole tiles.
    let private blockRows = 8 * Tile.Rows

    /// Mixed values of a tile of rows.
    let private mixTile (pass: SpanPass) (mixed: HeadsAt) keys values queries scores tileMixed head first count =
        let reach = SpanPass.reach pass first count
        SpanPass.readQueries pass head first count queries
        SpanPass.timesPanels pass reach queries keys scores
        let sums = NativePtr.stackalloc<float32> Tile.Rows

        for row in 0 .. Tile.Rows - 1 do
            let scores = SpanPass.at scores (row * pass.ScoreStride)

            if row < count then
                let span = pass.Spans[first + row]
                let most = RowLoops.greatest scores span.First span.End

                let sum = RowLoops.exponentials scores reach.Low reach.High span.First span.End most

                NativePtr.set sums row sum
                NativePtr.write pass.Normalisers[head, first + row] (most + log sum)
            else
                SpanPass.zero (SpanPass.at scores reach.Low) (reach.High - reach.Low)

        SpanPass.timesRows pass reach scores values tileMixed

        for row in 0 .. count - 1 do
            let sum = NativePtr.get sums row

            RowLoops.scale
                (SpanPass.at tileMixed (row * pass.PaddedWidth))
                mixed[head, first + row]
                pass.Width
                (if sum = 0f then 0f else 1f / sum)

    /// Mixed values of queries [1, head, row, width], of that shape, by keys and values [1, KV head, key, width]; 0 for rows that see no
    /// key. Behind them what `descend` asks for: of every row the logarithm of the sum of its exponentials, [1, head, row, 1].
    let mix (rows: SpanRows) (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) =
        let mixed = HeadsAt.empty queries

        let normalisers =
            torch.empty ([| 1L; queries.shape[1]; queries.shape[2]; 1L |], dtype = torch.float32)

        use _ = torch.NewDisposeScope()

        let queries, keys, values =
            HeadsAt.readable queries, HeadsAt.readable keys, HeadsAt.readable values

        let pass = SpanPass.make rows queries keys values normalisers
        let mixedAt = HeadsAt.ofTensor mixed
        let tileSize = Tile.Rows * pass.PaddedWidth

        SpanPass.share pass (4 * pass.MemorySize + 2 * tileSize + Tile.Rows * pass.ScoreStride) (fun room ->
            let keys, values = SpanPass.cutMemory pass room, SpanPass.cutMemory pass room
            let queries, tileMixed = room.Cut tileSize, room.Cut tileSize
            let scores = room.Cut(Tile.Rows * pass.ScoreStride)

            fun sequence kvHead ->
                SpanPass.readKeys pass kvHead sequence.Keys keys
                SpanPass.readValues pass kvHead sequence.Keys values

                SpanPass.eachPart
                    Tile.Rows
                    pass
                    sequence
                    kvHead
                    (mixTile pass mixedAt keys values queries scores tileMixed))

        mixed, normalisers

    /// A block of rows on the way back: their queries and the gradient towards what they mixed, both [row, padded width], and both their
    /// probabilities and the gradient towards their scores, [row, key].
    [<Struct>]
    type private BlockRows =
        {
            Queries: nativeptr<float32>
            Gradient: nativeptr<float32>
            Probabilities: nativeptr<float32>
            Slopes: nativeptr<float32>
        }

        member block.From(row, pass: SpanPass) =
            {
                Queries = SpanPass.at block.Queries (row * pass.PaddedWidth)
                Gradient = SpanPass.at block.Gradient (row * pass.PaddedWidth)
                Probabilities = SpanPass.at block.Probabilities (row * pass.ScoreStride)
                Slopes = SpanPass.at block.Slopes (row * pass.ScoreStride)
            }

    /// Zeros where a block reaches further than a row's tile.
    let private zeroOutside (whole: Reach) tile scores =
        SpanPass.zero (SpanPass.at scores whole.Low) (tile.Low - whole.Low)
        SpanPass.zero (SpanPass.at scores tile.High) (whole.High - tile.High)

    /// Probabilities and slopes of a tile's rows in the reach of the block.
    let private scoreTile (pass: SpanPass) (whole: Reach) tile (rows: BlockRows) keys values head first count =
        SpanPass.timesPanels pass tile rows.Queries keys rows.Probabilities
        SpanPass.timesPanels pass tile rows.Gradient values rows.Slopes

        for row in 0 .. Tile.Rows - 1 do
            let rows, place = rows.From(row, pass), first + row

            let reach =
                if row < count then
                    let span, normaliser =
                        pass.Spans[place], NativePtr.read pass.Normalisers[head, place]

                    RowLoops.exponentials rows.Probabilities tile.Low tile.High span.First span.End normaliser
                    |> ignore

                    RowLoops.slopes rows.Probabilities rows.Slopes tile.Low tile.High
                    tile
                else
                    { Low = whole.Low; High = whole.Low }

            zeroOutside whole reach rows.Probabilities
            zeroOutside whole reach rows.Slopes

    /// What heads of keys and values, or the gradients towards these, are in the room of one of the team.
    [<Struct>]
    type private Towards =
        {
            Keys: nativeptr<float32>
            Values: nativeptr<float32>
        }

    /// Adds weights^T [key, row] times rows [row, width] to the sums [key, width], for rows of a block and all keys in its reach.
    let private addTransposed (pass: SpanPass) (reaches: Reach[]) (whole: Reach) weights rows sums =
        for key in whole.Low .. Tile.Rows .. whole.High - 1 do
            let sees (reach: Reach) = reach.Low <= key && key < reach.High
            let first = Array.FindIndex(reaches, sees)

            if first >= 0 then
                let before = first * Tile.Rows
                let count = (Array.FindLastIndex(reaches, sees) - first + 1) * Tile.Rows

                for column in 0 .. Tile.Columns .. pass.PaddedWidth - 1 do
                    Tile.multiply
                        (SpanPass.at weights (before * pass.ScoreStride + key))
                        1
                        pass.ScoreStride
                        (SpanPass.at rows (before * pass.PaddedWidth + column))
                        pass.PaddedWidth
                        count
                        (SpanPass.at sums (key * pass.PaddedWidth + column))
                        pass.PaddedWidth
                        true

    /// The gradients of a block of rows: towards its queries, into their place, and those towards keys and values, added.
    let private descendBlock
        (pass: SpanPass)
        (toQueries: HeadsAt)
        (gradient: HeadsAt)
        keys
        values
        rows
        tileGradient
        sums
        head
        first
        count
        =
        let sums: Towards = sums
        let whole = SpanPass.reach pass first count
        SpanPass.readQueries pass head first count rows.Queries

        for row in 0 .. count - 1 do
            RowLoops.scale
                gradient[head, first + row]
                (SpanPass.at rows.Gradient (row * pass.PaddedWidth))
                pass.Width
                1f

        SpanPass.zeroBehind pass Tile.Rows rows.Gradient count

        let tiles =
            [| 0 .. Tile.Rows .. count - 1 |]
            |> Array.map (fun offset ->
                let count = min Tile.Rows (count - offset)

                let tile =
                    match SpanPass.reach pass (first + offset) count with
                    | { High = 0 } -> { Low = whole.Low; High = whole.Low }
                    | reach -> reach

                let rows = rows.From(offset, pass)
                scoreTile pass whole tile rows keys values head (first + offset) count
                SpanPass.timesRows pass tile rows.Slopes keys tileGradient

                for row in 0 .. count - 1 do
                    let place = first + offset + row

                    SpanPass.turn
                        true
                        pass.QueryTurns
                        place
                        (SpanPass.at tileGradient (row * pass.PaddedWidth))
                        toQueries[head, place]
                        pass.Width
                        pass.Scale

                tile)

        addTransposed pass tiles whole rows.Probabilities rows.Gradient sums.Values
        addTransposed pass tiles whole rows.Slopes rows.Queries sums.Keys

    /// The gradients towards queries, keys and values, each of its shape, from that towards what `mix` gave, and from its normalisers.
    let descend rows (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) normalisers gradient =
        let toQueries, toKeys, toValues =
            HeadsAt.empty queries, HeadsAt.empty keys, HeadsAt.empty values

        use _ = torch.NewDisposeScope()

        let queries, keys, values =
            HeadsAt.readable queries, HeadsAt.readable keys, HeadsAt.readable values

        let gradient = HeadsAt.readable gradient
        let pass = SpanPass.make rows queries keys values normalisers

        let toQueriesAt, toKeysAt, toValuesAt =
            HeadsAt.ofTensor toQueries, HeadsAt.ofTensor toKeys, HeadsAt.ofTensor toValues

        let gradientAt = HeadsAt.ofTensor gradient

        let blockSize, scoresSize =
            blockRows * pass.PaddedWidth, blockRows * pass.ScoreStride

        let tileSize = Tile.Rows * pass.PaddedWidth

        SpanPass.share pass (6 * pass.MemorySize + 2 * blockSize + 2 * scoresSize + tileSize) (fun room ->
            let keys, values = SpanPass.cutMemory pass room, SpanPass.cutMemory pass room

            let sums: Towards =
                {
                    Keys = room.Cut pass.MemorySize
                    Values = room.Cut pass.MemorySize
                }

            let rows =
                {
                    Queries = room.Cut blockSize
                    Gradient = room.Cut blockSize
                    Probabilities = room.Cut scoresSize
                    Slopes = room.Cut scoresSize
                }

            let tileGradient = room.Cut tileSize

            fun sequence kvHead ->
                SpanPass.readKeys pass kvHead sequence.Keys keys
                SpanPass.readValues pass kvHead sequence.Keys values
                SpanPass.makePanels pass values sequence.Keys
                SpanPass.zero sums.Keys pass.MemorySize
                SpanPass.zero sums.Values pass.MemorySize

                descendBlock pass toQueriesAt gradientAt keys values rows tileGradient sums
                |> SpanPass.eachPart blockRows pass sequence kvHead

                for key in 0 .. sequence.Keys.Count - 1 do
                    let place = sequence.Keys.Start + key

                    let toKey, toValue =
                        SpanPass.at sums.Keys (key * pass.PaddedWidth),
                        SpanPass.at sums.Values (key * pass.PaddedWidth)

                    SpanPass.turn true pass.KeyTurns place toKey toKeysAt[kvHead, place] pass.Width 1f
                    RowLoops.scale toValue toValuesAt[kvHead, place] pass.Width 1f)

        [ toQueries; toKeys; toValues ]
