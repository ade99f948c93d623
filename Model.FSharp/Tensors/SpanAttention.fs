namespace A3.Model.Tensors

#nowarn "9"

open System.Runtime.InteropServices
open A3.Model
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Rows next to one another.
[<Struct>]
type Stretch = { Start: int; Count: int }

/// A sequence among the rows of a pass: its keys, and the rows that attend to them.
type SpanSequence =
    {
        Keys: Stretch
        Queries: Stretch list
    }

/// Who sees what in a pass in which every row sees one span of its sequence's keys, as with rows in the order of `Mask.inOrder`.
type SpanRows =
    {
        Sequences: SpanSequence[]
        /// Of every row that attends, counted from the first key of its sequence.
        Spans: Span[]
        /// Of the rows of keys.
        KeyRotation: Rotation
        /// Of the rows that attend.
        QueryRotation: Rotation
    }

/// Attention over spans of keys on a CPU, and its gradient, in float32: tiles of scores that no row sees are left out, there is no mask,
/// nothing as large as the scores is kept, and heads are turned by RoPE where they are read. Every number is one sum in an order of its
/// own, whatever the number of threads. After FlashAttention (Dao et al. 2022).
[<RequireQualifiedAccess>]
module internal SpanAttention =

    /// Whether this machine and a device have what it needs.
    let isFor (device: torch.Device) =
        SpanKernel.isSupported && device.``type`` = DeviceType.CPU

    /// Rows whose gradients towards keys and values are summed up together, whole tiles.
    let private blockRows = 8 * SpanKernel.Rows

    [<DllImport("LibTorchSharp")>]
    extern nativeint private THSTensor_data(nativeint tensor)

    let inline private forward (start: nativeptr<float32>) count = NativePtr.add start count

    let private up multiple number =
        (number + multiple - 1) / multiple * multiple

    let private zero (start: nativeptr<float32>) count =
        NativeMemory.Clear(NativePtr.toVoidPtr start, unativeint count * 4un)

    /// Where the numbers of float32 heads [1, head, row, width] lie.
    [<Struct>]
    type private Heads =
        {
            Start: nativeptr<float32>
            HeadStride: int
            RowStride: int
        }

        member heads.At(head, row) =
            NativePtr.ofNativeInt<float32> (
                NativePtr.toNativeInt heads.Start
                + 4n
                  * (nativeint head * nativeint heads.HeadStride
                     + nativeint row * nativeint heads.RowStride)
            )

    /// Heads in the form that `within` takes.
    let private readable (x: torch.Tensor) =
        let x = x.to_type torch.float32
        if x.stride 3 = 1L then x else x.contiguous ()

    let private within (x: torch.Tensor) =
        {
            Start = NativePtr.ofNativeInt (THSTensor_data x.Handle)
            HeadStride = int (x.stride 1)
            RowStride = int (x.stride 2)
        }

    /// Room for heads [1, head, row, width], of which those of a row lie next to one another.
    let private room (like: torch.Tensor) =
        torch
            .empty([| like.shape[2]; like.shape[1]; like.shape[3] |], dtype = torch.float32)
            .transpose(0, 1)
            .unsqueeze 0

    /// Cosines and sines of rows.
    [<Struct>]
    type private Turns =
        {
            Cosines: Heads
            Sines: Heads
        }

    let private turns (rotation: Rotation) =
        {
            Cosines = within rotation.Cosine
            Sines = within rotation.Sine
        }

    /// Sizes of the heads of a pass, and what is the same for all its rows.
    type private Shape =
        {
            Width: int
            /// Of a row of a head in the room of a member, whole tiles.
            PaddedWidth: int
            /// Of the longest sequence, whole tiles.
            PaddedKeys: int
            /// Between rows of scores. Not a multiple of the pages of a cache, where 64 rows would leave one another no place.
            ScoreStride: int
            /// Heads that share keys.
            Sharing: int
            Scale: float32
        }

    let private shape (rows: SpanRows) (queries: torch.Tensor) (keys: torch.Tensor) =
        let width = int queries.shape[3]

        let padded =
            rows.Sequences
            |> Array.fold (fun most sequence -> max most sequence.Keys.Count) 1
            |> up SpanKernel.Columns

        {
            Width = width
            PaddedWidth = up SpanKernel.Columns width
            PaddedKeys = padded
            ScoreStride = padded + SpanKernel.Lanes
            Sharing = int (queries.shape[1] / keys.shape[1])
            Scale = 1f / sqrt (float32 width)
        }

    /// Memory of a member of the team, cut from one piece.
    type private Room(start: nativeptr<float32>) =
        let mutable next = start

        member _.Cut count =
            let piece = next
            next <- forward next (up SpanKernel.Lanes count)
            piece

    /// A head of keys or values of one sequence, as rows [key, padded width] and as panels [32 keys, width, 32].
    [<Struct>]
    type private Memory =
        {
            Rows: nativeptr<float32>
            Panels: nativeptr<float32>
        }

    let private memory (room: Room) shape =
        let size = shape.PaddedKeys * shape.PaddedWidth

        {
            Rows = room.Cut size
            Panels = room.Cut size
        }

    /// Reads the keys of a head, turned, or its values, as rows that are 0 behind the last.
    let private readRows shape (memory: Memory) (heads: Heads) turns head (keys: Stretch) =
        for key in 0 .. keys.Count - 1 do
            let source, target =
                heads.At(head, keys.Start + key), forward memory.Rows (key * shape.PaddedWidth)

            match turns with
            | ValueSome turns ->
                let row = keys.Start + key
                SpanKernel.turn source (turns.Cosines.At(0, row)) (turns.Sines.At(0, row)) target shape.Width 1f
            | ValueNone -> SpanKernel.scale source target shape.Width 1f

        let behind = up SpanKernel.Columns keys.Count - keys.Count
        zero (forward memory.Rows (keys.Count * shape.PaddedWidth)) (behind * shape.PaddedWidth)

    let private makePanels shape (memory: Memory) count =
        for key in 0..4 .. up SpanKernel.Columns count - 1 do
            let panel =
                forward memory.Panels (key / SpanKernel.Columns * SpanKernel.Columns * shape.PaddedWidth)

            SpanKernel.transposeFour
                (forward memory.Rows (key * shape.PaddedWidth))
                shape.PaddedWidth
                (forward panel (key % SpanKernel.Columns))
                shape.Width

    /// Whole columns of tiles that the rows of a tile see.
    [<Struct>]
    type private Reach = { Low: int; High: int }

    let private reach (spans: Span[]) first count =
        let mutable low, high = System.Int32.MaxValue, 0

        for row in first .. first + count - 1 do
            if spans[row].First < spans[row].End then
                low <- min low spans[row].First
                high <- max high spans[row].End

        {
            Low = if high = 0 then 0 else low / SpanKernel.Columns * SpanKernel.Columns
            High = up SpanKernel.Columns high
        }

    /// Rows of a tile times columns of panels in reach: scores, or gradients towards probabilities.
    let private timesPanels shape reach queries (memory: Memory) scores =
        for key in reach.Low .. SpanKernel.Columns .. reach.High - 1 do
            SpanKernel.multiply
                queries
                shape.PaddedWidth
                1
                (forward memory.Panels (key * shape.PaddedWidth))
                SpanKernel.Columns
                shape.Width
                (forward scores key)
                shape.ScoreStride
                false

    /// Weights of the keys in reach times their rows, into the rows of a tile.
    let private timesRows shape reach scores (memory: Memory) target =
        for column in 0 .. SpanKernel.Columns .. shape.PaddedWidth - 1 do
            SpanKernel.multiply
                (forward scores reach.Low)
                shape.ScoreStride
                1
                (forward memory.Rows (reach.Low * shape.PaddedWidth + column))
                shape.PaddedWidth
                (reach.High - reach.Low)
                (forward target column)
                shape.PaddedWidth
                false

    /// Reads some rows of a head, turned and scaled, 0 up to whole tiles.
    let private readQueries shape (heads: Heads) turns head first count target =
        for row in 0 .. count - 1 do
            SpanKernel.turn
                (heads.At(head, first + row))
                (turns.Cosines.At(0, first + row))
                (turns.Sines.At(0, first + row))
                (forward target (row * shape.PaddedWidth))
                shape.Width
                shape.Scale

        zero
            (forward target (count * shape.PaddedWidth))
            ((up SpanKernel.Rows count - count) * shape.PaddedWidth)

    /// The parts of a stretch, of at most so many rows: where each begins, and how many it has.
    let inline private parts most (stretch: Stretch) ([<InlineIfLambda>] work) =
        for first in stretch.Start .. most .. stretch.Start + stretch.Count - 1 do
            work first (min most (stretch.Start + stretch.Count - first))

    /// Numbers of memory that `count` members need, each `each`.
    let private rooms members (each: int) =
        let all =
            torch.empty ([| int64 members * int64 each + int64 SpanKernel.Lanes |], dtype = torch.float32)

        let first = THSTensor_data all.Handle
        // To the next line of a cache.
        let aligned = (first + 63n) &&& ~~~63n

        all, (fun index -> Room(NativePtr.ofNativeInt (aligned + 4n * nativeint index * nativeint each)))

    /// Runs `work room` for each pair of a sequence and a head of keys.
    let private share (rows: SpanRows) kvHeads roomSize work =
        let members = Team.members ()
        let memory, room = rooms members (up SpanKernel.Lanes roomSize)
        use _ = memory

        Team.share members (rows.Sequences.Length * kvHeads) (fun index ->
            let work: SpanSequence -> int -> unit = work (room index)
            fun item -> work rows.Sequences[item / kvHeads] (item % kvHeads))

    /// Mixed values of queries [1, head, row, width], of that shape, from keys and values [1, KV head, key, width], and of each row the
    /// logarithm of the sum of its exponentials, [head, row].
    let mix (rows: SpanRows) (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) =
        let shape = shape rows queries keys
        let mixed = room queries

        let normalisers =
            torch.empty ([| queries.shape[1]; queries.shape[2] |], dtype = torch.float32)

        use _ = torch.NewDisposeScope()
        let queries, keys, values = readable queries, readable keys, readable values
        let queriesAt, keysAt, valuesAt, mixedAt = within queries, within keys, within values, within mixed
        let normalisersAt = within (normalisers.unsqueeze(0).unsqueeze -1)
        let queryTurns, keyTurns = turns rows.QueryRotation, turns rows.KeyRotation

        let tile keyMemory valueMemory tileQueries scores tileMixed head first count =
            let reach = reach rows.Spans first count
            readQueries shape queriesAt queryTurns head first count tileQueries
            timesPanels shape reach tileQueries keyMemory scores

            for row in 0 .. SpanKernel.Rows - 1 do
                let scores = forward scores (row * shape.ScoreStride)

                if row < count then
                    let span = rows.Spans[first + row]
                    let most = SpanKernel.greatest scores span.First span.End

                    let sum =
                        SpanKernel.exponentials scores reach.Low reach.High span.First span.End most

                    NativePtr.write (normalisersAt.At(head, first + row)) (if sum = 0f then 0f else most + log sum)
                    NativePtr.set tileMixed (SpanKernel.Rows * shape.PaddedWidth + row) (if sum = 0f then 0f else 1f / sum)
                else
                    zero (forward scores reach.Low) (reach.High - reach.Low)

            timesRows shape reach scores valueMemory tileMixed

            for row in 0 .. count - 1 do
                SpanKernel.scale
                    (forward tileMixed (row * shape.PaddedWidth))
                    (mixedAt.At(head, first + row))
                    shape.Width
                    (NativePtr.get tileMixed (SpanKernel.Rows * shape.PaddedWidth + row))

        share rows (int keys.shape[1]) (4 * shape.PaddedKeys * shape.PaddedWidth + SpanKernel.Rows * (2 * shape.PaddedWidth + shape.ScoreStride + 4)) (fun room ->
            let keyMemory, valueMemory = memory room shape, memory room shape
            let tileQueries = room.Cut(SpanKernel.Rows * shape.PaddedWidth)
            let scores = room.Cut(SpanKernel.Rows * shape.ScoreStride)
            let tileMixed = room.Cut(SpanKernel.Rows * (shape.PaddedWidth + 2))

            fun sequence kvHead ->
                readRows shape keyMemory keysAt (ValueSome keyTurns) kvHead sequence.Keys
                makePanels shape keyMemory sequence.Keys.Count
                readRows shape valueMemory valuesAt ValueNone kvHead sequence.Keys

                for head in kvHead * shape.Sharing .. (kvHead + 1) * shape.Sharing - 1 do
                    for stretch in sequence.Queries do
                        parts SpanKernel.Rows stretch (tile keyMemory valueMemory tileQueries scores tileMixed head))

        mixed, normalisers

    /// Probabilities of a block of rows and the gradients towards them, both [row, key] in the block's reach.
    [<Struct>]
    type private Scores =
        {
            Probabilities: nativeptr<float32>
            Slopes: nativeptr<float32>
        }

    /// Of the gradient towards the mixed values, [1, head, row, width], those towards queries, keys and values.
    let descend
        (rows: SpanRows)
        (queries: torch.Tensor)
        (keys: torch.Tensor)
        (values: torch.Tensor)
        (normalisers: torch.Tensor)
        (gradient: torch.Tensor)
        =
        let shape = shape rows queries keys
        let towardsQueries, towardsKeys, towardsValues = room queries, room keys, room values
        use _ = torch.NewDisposeScope()
        let queries, keys, values, gradient = readable queries, readable keys, readable values, readable gradient
        let queriesAt, keysAt, valuesAt, gradientAt = within queries, within keys, within values, within gradient
        let normalisersAt = within (normalisers.unsqueeze(0).unsqueeze -1)
        let queryTurns, keyTurns = turns rows.QueryRotation, turns rows.KeyRotation
        let toQueriesAt, toKeysAt, toValuesAt = within towardsQueries, within towardsKeys, within towardsValues

        let readGradient head first count target =
            for row in 0 .. count - 1 do
                SpanKernel.scale (gradientAt.At(head, first + row)) (forward target (row * shape.PaddedWidth)) shape.Width 1f

            zero
                (forward target (count * shape.PaddedWidth))
                ((up SpanKernel.Rows count - count) * shape.PaddedWidth)

        /// Probabilities and slopes of a tile, 0 in the block's reach outside its own.
        let score (block: Reach) (tile: Reach) scores keyMemory valueMemory tileQueries tileGradient head first count =
            timesPanels shape tile tileQueries keyMemory scores.Probabilities
            timesPanels shape tile tileGradient valueMemory scores.Slopes

            for row in 0 .. SpanKernel.Rows - 1 do
                let probabilities = forward scores.Probabilities (row * shape.ScoreStride)
                let slopes = forward scores.Slopes (row * shape.ScoreStride)

                if row < count then
                    let span = rows.Spans[first + row]
                    let normaliser = NativePtr.read (normalisersAt.At(head, first + row))

                    SpanKernel.exponentials probabilities tile.Low tile.High span.First span.End normaliser
                    |> ignore

                    SpanKernel.slopes probabilities slopes tile.Low tile.High
                    zero (forward probabilities block.Low) (tile.Low - block.Low)
                    zero (forward slopes block.Low) (tile.Low - block.Low)
                    zero (forward probabilities tile.High) (block.High - tile.High)
                    zero (forward slopes tile.High) (block.High - tile.High)
                else
                    zero (forward probabilities block.Low) (block.High - block.Low)
                    zero (forward slopes block.Low) (block.High - block.Low)

        let block keyMemory valueMemory blockQueries blockGradient scores tileGradient toKeys toValues head first count =
            let reachOf tile =
                reach rows.Spans (first + tile * SpanKernel.Rows) (min SpanKernel.Rows (count - tile * SpanKernel.Rows))

            let whole = reach rows.Spans first count
            let tiles = up SpanKernel.Rows count / SpanKernel.Rows
            readQueries shape queriesAt queryTurns head first count blockQueries
            readGradient head first count blockGradient

            for tile in 0 .. tiles - 1 do
                let offset = tile * SpanKernel.Rows
                let count = min SpanKernel.Rows (count - offset)
                let reach = reachOf tile
                // A tile that sees nothing has a reach of nothing within the block's.
                let reach = if reach.High = 0 then { Low = whole.Low; High = whole.Low } else reach

                let scores =
                    {
                        Probabilities = forward scores.Probabilities (offset * shape.ScoreStride)
                        Slopes = forward scores.Slopes (offset * shape.ScoreStride)
                    }

                let part start = forward start (offset * shape.PaddedWidth)

                score whole reach scores keyMemory valueMemory (part blockQueries) (part blockGradient) head (first + offset) count
                timesRows shape reach scores.Slopes keyMemory tileGradient

                for row in 0 .. count - 1 do
                    let place = first + offset + row

                    SpanKernel.turnBack
                        (forward tileGradient (row * shape.PaddedWidth))
                        (queryTurns.Cosines.At(0, place))
                        (queryTurns.Sines.At(0, place))
                        (toQueriesAt.At(head, place))
                        shape.Width
                        shape.Scale

            let reaches = Array.init tiles reachOf

            for key in whole.Low .. SpanKernel.Rows .. whole.High - 1 do
                let sees (reach: Reach) = reach.Low <= key && key < reach.High

                let firstTile = System.Array.FindIndex(reaches, sees)

                if firstTile >= 0 then
                    let rowsBefore = firstTile * SpanKernel.Rows
                    let depth = (System.Array.FindLastIndex(reaches, sees) - firstTile + 1) * SpanKernel.Rows

                    let addTo weights (ofRows: nativeptr<float32>) sums =
                        for column in 0 .. SpanKernel.Columns .. shape.PaddedWidth - 1 do
                            SpanKernel.multiply
                                (forward weights (rowsBefore * shape.ScoreStride + key))
                                1
                                shape.ScoreStride
                                (forward ofRows (rowsBefore * shape.PaddedWidth + column))
                                shape.PaddedWidth
                                depth
                                (forward sums (key * shape.PaddedWidth + column))
                                shape.PaddedWidth
                                true

                    addTo scores.Probabilities blockGradient toValues
                    addTo scores.Slopes blockQueries toKeys

        let memorySize = shape.PaddedKeys * shape.PaddedWidth
        let blockSize = blockRows * shape.PaddedWidth

        share rows (int keys.shape[1]) (6 * memorySize + 2 * blockSize + 2 * blockRows * shape.ScoreStride + SpanKernel.Rows * shape.PaddedWidth) (fun room ->
            let keyMemory, valueMemory = memory room shape, memory room shape
            let toKeys, toValues = room.Cut memorySize, room.Cut memorySize
            let blockQueries, blockGradient = room.Cut blockSize, room.Cut blockSize

            let scores =
                {
                    Probabilities = room.Cut(blockRows * shape.ScoreStride)
                    Slopes = room.Cut(blockRows * shape.ScoreStride)
                }

            let tileGradient = room.Cut(SpanKernel.Rows * shape.PaddedWidth)

            fun sequence kvHead ->
                readRows shape keyMemory keysAt (ValueSome keyTurns) kvHead sequence.Keys
                makePanels shape keyMemory sequence.Keys.Count
                readRows shape valueMemory valuesAt ValueNone kvHead sequence.Keys
                makePanels shape valueMemory sequence.Keys.Count
                zero toKeys memorySize
                zero toValues memorySize

                for head in kvHead * shape.Sharing .. (kvHead + 1) * shape.Sharing - 1 do
                    for stretch in sequence.Queries do
                        parts blockRows stretch (block keyMemory valueMemory blockQueries blockGradient scores tileGradient toKeys toValues head)

                for key in 0 .. sequence.Keys.Count - 1 do
                    let place = sequence.Keys.Start + key

                    SpanKernel.turnBack
                        (forward toKeys (key * shape.PaddedWidth))
                        (keyTurns.Cosines.At(0, place))
                        (keyTurns.Sines.At(0, place))
                        (toKeysAt.At(kvHead, place))
                        shape.Width
                        1f

                    SpanKernel.scale (forward toValues (key * shape.PaddedWidth)) (toValuesAt.At(kvHead, place)) shape.Width 1f)

        [ towardsQueries; towardsKeys; towardsValues ]
