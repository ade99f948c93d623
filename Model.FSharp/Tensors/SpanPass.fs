namespace A3.Tensors

#nowarn "9"

open System
open System.Runtime.InteropServices
open A3.Model
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Rows next to one another.
[<Struct>]
type internal Stretch = { Start: int; Count: int }

/// A sequence among the rows of a pass: its keys, and the rows that attend to them.
type internal SpanSequence =
    { Keys: Stretch; Queries: Stretch list }

/// Who sees what in a pass in which every row sees one span of its sequence's keys, as with rows in the order of `Mask.inOrder`.
type internal SpanRows =
    {
        Sequences: SpanSequence[]
        /// Of every row that attends, counted from the first key of its sequence.
        Spans: Span[]
        /// Of the rows of keys, float32.
        KeyRotation: Rotation
        /// Of the rows that attend, float32.
        QueryRotation: Rotation
    }

/// Cosines and sines of rows.
[<Struct>]
type internal Turns = { Cosines: HeadsAt; Sines: HeadsAt }

/// A pass over heads in memory, and its sizes.
type internal SpanPass =
    {
        Sequences: SpanSequence[]
        Spans: Span[]
        Queries: HeadsAt
        Keys: HeadsAt
        Values: HeadsAt
        QueryTurns: Turns
        KeyTurns: Turns
        /// Logarithms of the sums of the exponentials of every row, [1, head, row, 1].
        Normalisers: HeadsAt
        KvHeads: int
        /// Heads that share keys.
        Sharing: int
        Width: int
        /// Of a row in a room, whole tiles.
        PaddedWidth: int
        /// Of the longest sequence, whole tiles.
        PaddedKeys: int
        /// Between rows of scores; were it a power of two, rows would take one another's place in a cache.
        ScoreStride: int
    }

    member pass.Scale = 1f / sqrt (float32 pass.Width)

    /// Numbers of a head of keys in a room.
    member pass.MemorySize = pass.PaddedKeys * pass.PaddedWidth

/// Columns of whole tiles that some row of a few sees.
[<Struct>]
type internal Reach = { Low: int; High: int }

/// What attention over spans and its way back are made of.
[<RequireQualifiedAccess>]
module internal SpanPass =

    /// Numbers behind a place.
    let inline at (start: nativeptr<float32>) index = NativePtr.add start index

    /// The next multiple of a number.
    let up multiple number =
        (number + multiple - 1) / multiple * multiple

    /// So many numbers become 0.
    let zero (start: nativeptr<float32>) count =
        NativeMemory.Clear(NativePtr.toVoidPtr start, unativeint count * 4un)

    let private turnsOf (rotation: Rotation) =
        {
            Cosines = HeadsAt.ofTensor rotation.Cosine
            Sines = HeadsAt.ofTensor rotation.Sine
        }

    /// A head turned as that of a row, or back, see `RowLoops.turn`.
    let turn back turns row source target width factor =
        RowLoops.turn back source turns.Cosines[0, row] turns.Sines[0, row] target width factor

    /// The rows, whose spans and stretches lie within what there is: nothing else keeps a pass within its memory.
    let checked' (rows: SpanRows) =
        let within count (stretch: Stretch) =
            0 <= stretch.Start
            && 0 <= stretch.Count
            && stretch.Start + stretch.Count <= count

        let sees count row =
            let span = rows.Spans[row]
            0 <= span.First && span.First <= span.End && span.End <= count

        let isWhole (sequence: SpanSequence) =
            within (int rows.KeyRotation.Cosine.shape[2]) sequence.Keys
            && sequence.Queries
               |> List.forall (fun stretch ->
                   within rows.Spans.Length stretch
                   && Seq.forall
                       (sees sequence.Keys.Count)
                       (seq { stretch.Start .. stretch.Start + stretch.Count - 1 }))

        match rows.Sequences |> Array.tryFindIndex (isWhole >> not) with
        | None -> rows
        | Some sequence ->
            invalidArg
                (nameof rows)
                $"a row of sequence %d{sequence} sees keys beyond the sequence, or lies beyond the pass."

    /// Of heads in the form of `HeadsAt.readable`, which live on until the pass is over.
    let make
        (rows: SpanRows)
        (queries: torch.Tensor)
        (keys: torch.Tensor)
        (values: torch.Tensor)
        (normalisers: torch.Tensor)
        =
        if
            queries.shape[2] <> rows.Spans.LongLength
            || queries.shape[2] <> rows.QueryRotation.Cosine.shape[2]
            || keys.shape[2] <> rows.KeyRotation.Cosine.shape[2]
            || keys.shape[2] <> values.shape[2]
        then
            invalidArg
                (nameof rows)
                $"%d{queries.shape[2]} rows of queries, %d{keys.shape[2]} of keys and %d{values.shape[2]} of values were given, but %d{rows.Spans.Length} see spans of %d{rows.KeyRotation.Cosine.shape[2]}."

        let keysAtMost =
            rows.Sequences
            |> Array.fold (fun most sequence -> max most sequence.Keys.Count) 1
            |> up Tile.Columns

        {
            Sequences = rows.Sequences
            Spans = rows.Spans
            Queries = HeadsAt.ofTensor queries
            Keys = HeadsAt.ofTensor keys
            Values = HeadsAt.ofTensor values
            QueryTurns = turnsOf rows.QueryRotation
            KeyTurns = turnsOf rows.KeyRotation
            Normalisers = HeadsAt.ofTensor normalisers
            KvHeads = int keys.shape[1]
            Sharing = int (queries.shape[1] / keys.shape[1])
            Width = int queries.shape[3]
            PaddedWidth = up Tile.Columns (int queries.shape[3])
            PaddedKeys = keysAtMost
            ScoreStride = keysAtMost + Tile.Line
        }

    /// Of some rows.
    let reach (pass: SpanPass) first count =
        let mutable low, high = Int32.MaxValue, 0

        for row in first .. first + count - 1 do
            let span = pass.Spans[row]

            if span.First < span.End then
                low <- min low span.First
                high <- max high span.End

        if high = 0 then
            { Low = 0; High = 0 }
        else
            {
                Low = low / Tile.Columns * Tile.Columns
                High = up Tile.Columns high
            }

    /// A place for a head of keys or values.
    let cutMemory (pass: SpanPass) (room: Room) : HeadMemory =
        {
            Rows = room.Cut pass.MemorySize
            Panels = room.Cut pass.MemorySize
        }

    /// Rows of a memory as panels.
    let makePanels (pass: SpanPass) (memory: HeadMemory) (keys: Stretch) =
        for key in 0..4 .. up Tile.Columns keys.Count - 1 do
            let panel = at memory.Panels (key / Tile.Columns * Tile.Columns * pass.PaddedWidth)

            RowLoops.transposeFour
                (at memory.Rows (key * pass.PaddedWidth))
                pass.PaddedWidth
                (at panel (key % Tile.Columns))
                pass.Width

    /// Zeros behind the last of so many rows, up to whole tiles of some rows.
    let zeroBehind (pass: SpanPass) tile rows count =
        zero (at rows (count * pass.PaddedWidth)) ((up tile count - count) * pass.PaddedWidth)

    /// Reads the keys of a head, turned.
    let readKeys (pass: SpanPass) kvHead (keys: Stretch) (memory: HeadMemory) =
        for key in 0 .. keys.Count - 1 do
            let row = keys.Start + key
            turn false pass.KeyTurns row pass.Keys[kvHead, row] (at memory.Rows (key * pass.PaddedWidth)) pass.Width 1f

        zeroBehind pass Tile.Columns memory.Rows keys.Count
        makePanels pass memory keys

    /// Reads the values of a head.
    let readValues (pass: SpanPass) kvHead (keys: Stretch) (memory: HeadMemory) =
        for key in 0 .. keys.Count - 1 do
            RowLoops.scale pass.Values[kvHead, keys.Start + key] (at memory.Rows (key * pass.PaddedWidth)) pass.Width 1f

        zeroBehind pass Tile.Columns memory.Rows keys.Count

    /// Reads some rows of a head of queries, turned and scaled.
    let readQueries (pass: SpanPass) head first count target =
        for row in 0 .. count - 1 do
            let place = first + row

            turn
                false
                pass.QueryTurns
                place
                pass.Queries[head, place]
                (at target (row * pass.PaddedWidth))
                pass.Width
                pass.Scale

        zeroBehind pass Tile.Rows target count

    /// A tile's rows [8, width] times panels in reach: scores [8, key].
    let timesPanels (pass: SpanPass) reach rows (memory: HeadMemory) scores =
        for key in reach.Low .. Tile.Columns .. reach.High - 1 do
            Tile.multiply
                rows
                pass.PaddedWidth
                1
                (at memory.Panels (key * pass.PaddedWidth))
                Tile.Columns
                pass.Width
                (at scores key)
                pass.ScoreStride
                false

    /// A tile's weights [8, key] times the memory's rows in reach: [8, width].
    let timesRows (pass: SpanPass) reach weights (memory: HeadMemory) target =
        for column in 0 .. Tile.Columns .. pass.PaddedWidth - 1 do
            Tile.multiply
                (at weights reach.Low)
                pass.ScoreStride
                1
                (at memory.Rows (reach.Low * pass.PaddedWidth + column))
                pass.PaddedWidth
                (reach.High - reach.Low)
                (at target column)
                pass.PaddedWidth
                false

    /// The stretches of a sequence for every head that shares keys, in parts of at most so many rows: `work head first count`.
    let eachPart most (pass: SpanPass) (sequence: SpanSequence) kvHead work =
        for head in kvHead * pass.Sharing .. (kvHead + 1) * pass.Sharing - 1 do
            for stretch in sequence.Queries do
                for first in stretch.Start .. most .. stretch.Start + stretch.Count - 1 do
                    work head first (min most (stretch.Start + stretch.Count - first))

    /// Less than some ten microseconds' work is done before others have come.
    let private isWorthSharing (pass: SpanPass) =
        let products =
            pass.Sequences
            |> Array.sumBy (fun sequence ->
                int64 sequence.Keys.Count
                * (sequence.Queries |> List.sumBy (fun stretch -> int64 stretch.Count)))

        products * int64 (pass.Sharing * pass.KvHeads * pass.Width) > (1L <<< 20)

    /// `join room` gives each of the team his `work sequence kvHead`.
    let share (pass: SpanPass) roomSize join =
        let members = if isWorthSharing pass then Team.members () else 1
        let memory, room = Room.ForEach(members, roomSize)
        use _ = memory

        Team.share members (pass.Sequences.Length * pass.KvHeads) (fun index ->
            let work: SpanSequence -> int -> unit = join (room index)
            fun item -> work pass.Sequences[item / pass.KvHeads] (item % pass.KvHeads))
