namespace A3.Model

open FParsec

/// How the groups to predict see the context around them.
[<RequireQualifiedAccess>]
type Reading =
    /// Given as one group: context positions see each other.
    | Bidirectional
    /// Given as singletons left to right: each context position sees those before it.
    | Causal
    /// Predicted as singletons left to right before all else, so that every position carries loss.
    | Predicted

/// A whole number drawn uniformly from `Lowest..Highest`, both included.
[<Struct>]
type Range = { Lowest: int; Highest: int }

/// A run of neighbouring positions, drawn at random.
[<RequireQualifiedAccess>]
type EvidenceRun =
    /// So many positions, cut down where the sequence is too short for them.
    | Positions of Range
    /// A whole sentence. Where the layout knows no sentences every position is one.
    | Sentence

/// Evidence models: which open positions a mixture component sets aside as context. BOS, position 0, is evidence in every component, and
/// wherever two positions are open one of them stays so.
[<RequireQualifiedAccess>]
type EvidenceModel =
    /// None: everything after BOS is drawn.
    | Start
    /// The last position: with BOS, both boundaries of the document.
    | Boundaries of Reading
    /// A prefix of uniform length, at least one position and not all of them.
    | Prefix of Reading
    /// Everything around a number of gaps. Gaps of positions keep context on both sides of each.
    | Gaps of count: Range * EvidenceRun * Reading
    /// A number of runs, and nothing around them.
    | Kept of count: Range * EvidenceRun * Reading
    /// A uniform number of positions (all but one at most), each set of that size equally probable.
    | Scattered of Reading

[<RequireQualifiedAccess>]
module EvidenceModel =

    let private within range seed =
        range.Lowest + Seed.below (range.Highest - range.Lowest + 1) seed

    /// `count` distinct numbers of 0..bound-1, ascending.
    let private distinct count bound seed =
        Seed.shuffle bound seed |> Array.truncate count |> Array.sort

    /// For each of `length` positions whether it lies in a run: the positions around the runs are cut at distinct places,
    /// so that runs never touch, nor the ends where `apart`, as far as there are enough positions for that.
    let private runs apart count runLength length seed =
        let count = within count (Seed.derive 0L seed) |> min ((length - 1) / 2) |> max 1

        let longest = (length - count - 1) / count |> max 1

        let lengths =
            Array.init count (fun run -> within runLength (Seed.derive (int64 run + 2L) seed) |> min longest)

        let around = length - Array.sum lengths

        let cuts =
            if apart && around > count then
                distinct count (around - 1) (Seed.derive 1L seed) |> Array.map ((+) 1)
            else
                distinct count (around + 1) (Seed.derive 1L seed)

        let inRun = Array.create length false
        let before = Array.scan (+) 0 lengths

        cuts
        |> Array.iteri (fun run cut -> Array.fill inRun (cut + before[run]) lengths[run] true)

        inRun

    /// For each position whether it lies in one of `count` sentences, not all of them where there are several.
    let private sentences count layout positions seed =
        let all = SequenceLayout.spans layout.SentenceStarts positions
        let count = within count (Seed.derive 0L seed) |> min (all.Length - 1) |> max 1

        let chosen =
            distinct count all.Length (Seed.derive 1L seed)
            |> Seq.collect (fun index -> all[index])
            |> System.Collections.Generic.HashSet

        positions |> Array.map chosen.Contains

    let private pieces apart count piece layout (positions: int[]) seed =
        match piece with
        | EvidenceRun.Positions length -> runs apart count length positions.Length seed
        | EvidenceRun.Sentence -> sentences count layout positions seed

    let private where wanted (positions: int[]) marks =
        Array.zip positions marks
        |> Array.filter (fun (_, mark) -> mark = wanted)
        |> Array.map fst

    let private reading context =
        match context with
        | EvidenceModel.Start -> Reading.Bidirectional
        | EvidenceModel.Boundaries reading
        | EvidenceModel.Prefix reading
        | EvidenceModel.Gaps(_, _, reading)
        | EvidenceModel.Kept(_, _, reading)
        | EvidenceModel.Scattered reading -> reading

    let private kept seed layout (positions: int[]) context =
        match context with
        | EvidenceModel.Start -> [||]
        | EvidenceModel.Boundaries _ -> [| Array.last positions |]
        | EvidenceModel.Prefix _ -> Array.truncate (1 + Seed.below (positions.Length - 1) seed) positions
        | EvidenceModel.Gaps(count, piece, _) -> pieces true count piece layout positions seed |> where false positions
        | EvidenceModel.Kept(count, piece, _) -> pieces false count piece layout positions seed |> where true positions
        | EvidenceModel.Scattered _ ->
            let count = Seed.below positions.Length (Seed.derive 0L seed)

            distinct count positions.Length (Seed.derive 1L seed)
            |> Array.map (fun index -> positions[index])

    /// The context among the open positions of a layout, ascending, and how it is read.
    let choose seed layout context =
        let positions = SequenceLayout.openPositions layout

        let chosen =
            if positions.Length > 1 then
                kept seed layout positions context
            else
                [||]

        (if chosen.Length = positions.Length then [||] else chosen), reading context

    /// The fewest positions that the runs of a context need, if it has any.
    let shortest context =
        match context with
        | EvidenceModel.Gaps(count, EvidenceRun.Positions length, _)
        | EvidenceModel.Kept(count, EvidenceRun.Positions length, _) -> int64 count.Lowest * int64 length.Lowest
        | EvidenceModel.Gaps(count, EvidenceRun.Sentence, _)
        | EvidenceModel.Kept(count, EvidenceRun.Sentence, _) -> int64 count.Lowest
        | EvidenceModel.Start
        | EvidenceModel.Boundaries _
        | EvidenceModel.Prefix _
        | EvidenceModel.Scattered _ -> 0L

    /// The ranges a context draws from, with what they count.
    let internal ranges context =
        let ofPiece name count piece =
            match piece with
            | EvidenceRun.Positions length -> [ name, count; $"{name} of", length ]
            | EvidenceRun.Sentence -> [ name, count ]

        match context with
        | EvidenceModel.Gaps(count, piece, _) -> ofPiece "gaps" count piece
        | EvidenceModel.Kept(count, piece, _) -> ofPiece "keep" count piece
        | EvidenceModel.Start
        | EvidenceModel.Boundaries _
        | EvidenceModel.Prefix _
        | EvidenceModel.Scattered _ -> []

    let private printRange range =
        Syntax.printInterval range.Lowest range.Highest

    let private printReading reading =
        match reading with
        | Reading.Bidirectional -> "bidirectional"
        | Reading.Causal -> "causal"
        | Reading.Predicted -> "predicted"

    let private printPieces count piece =
        match piece with
        | EvidenceRun.Positions length -> $"{printRange count} of {printRange length}"
        | EvidenceRun.Sentence -> $"{printRange count} sentences"

    /// Text form, empty for `Start`: `boundaries causal`, `prefix bidirectional`, `gaps 1..3 of 4..40 predicted`,
    /// `gaps 1 sentences bidirectional`, `keep 2 of 3..8 causal`, `keep 1..2 sentences predicted`, `scattered bidirectional`.
    let print context =
        match context with
        | EvidenceModel.Start -> ""
        | EvidenceModel.Boundaries reading -> $"boundaries {printReading reading}"
        | EvidenceModel.Prefix reading -> $"prefix {printReading reading}"
        | EvidenceModel.Gaps(count, piece, reading) -> $"gaps {printPieces count piece} {printReading reading}"
        | EvidenceModel.Kept(count, piece, reading) -> $"keep {printPieces count piece} {printReading reading}"
        | EvidenceModel.Scattered reading -> $"scattered {printReading reading}"

    let private range =
        Syntax.interval 1 "a number"
        |>> fun (lowest, highest) -> { Lowest = lowest; Highest = highest }

    let private readingParser =
        Syntax.oneOf
            "a reading"
            [
                "bidirectional", preturn Reading.Bidirectional
                "causal", preturn Reading.Causal
                "predicted", preturn Reading.Predicted
            ]

    let private piecesParser wrap =
        let piece =
            choice
                [
                    Syntax.keyword "of" >>. range |>> EvidenceRun.Positions
                    Syntax.keyword "sentences" >>% EvidenceRun.Sentence
                ]

        pipe3 range piece readingParser (fun count piece reading -> wrap (count, piece, reading))

    /// Any but `Start`.
    let internal parser =
        Syntax.oneOf
            "a context"
            [
                "boundaries", readingParser |>> EvidenceModel.Boundaries
                "prefix", readingParser |>> EvidenceModel.Prefix
                "gaps", piecesParser EvidenceModel.Gaps
                "keep", piecesParser EvidenceModel.Kept
                "scattered", readingParser |>> EvidenceModel.Scattered
            ]
