namespace A3.Cli

open A3.Model

/// A partition drawn as a picture: what each step generates, and both masks in the colours of the groups.
[<RequireQualifiedAccess>]
module PartitionSvg =

    /// Longest sequence that is drawn.
    let longest = 512

    let private margin = 32.0
    let private gutter = 44.0
    let private white = { Red = 255; Green = 255; Blue = 255 }
    let private empty = "#f1f3f6"

    /// The side of a position's square, in pixels.
    let private cellOf length =
        460.0 / float (max 1 length) |> floor |> max 2.0 |> min 22.0

    /// Runs of neighbours of one key, as (key, first index, count).
    let private runs (keys: 'key[]) =
        let extend found (index, key) =
            match found with
            | (last, first, count) :: others when last = key -> (last, first, count + 1) :: others
            | _ -> (key, index, 1) :: found

        keys |> Seq.indexed |> Seq.fold extend [] |> List.rev

    /// Squares of a grid by colour: `colour row column` gives each, or none where the ground shows.
    let private grid x y cell rows columns (colour: int -> int -> Colour voption) =
        let gap = if cell >= 6.0 then 1.0 else 0.0

        let marked =
            [
                for row in 0 .. rows - 1 do
                    for fill, first, count in runs (Array.init columns (colour row)) do
                        match fill with
                        | ValueSome fill ->
                            for index in first .. (if gap > 0.0 then first + count - 1 else first) do
                                let width = if gap > 0.0 then cell - gap else float count * cell
                                fill, (x + float index * cell, y + float row * cell, width, cell - gap)
                        | ValueNone -> ()
            ]

        [
            Svg.rectangle x y (float columns * cell) (float rows * cell) empty
            for fill, squares in List.groupBy fst marked do
                Svg.rectangles (Colour.hex fill) (List.map snd squares)
        ]

    /// How many positions lie between labels.
    let private every cell =
        if cell >= 14.0 then 1
        elif cell >= 4.0 then 5
        else 50

    let private columnLabels x y cell (order: int[]) =
        [
            for index in 0 .. every cell .. order.Length - 1 do
                Svg.text (x + (float index + 0.5) * cell) y "column" (string order[index])
        ]

    let private rowLabels x y cell (order: int[]) =
        [
            for index in 0 .. every cell .. order.Length - 1 do
                Svg.text (x - 8.0) (y + (float index + 0.5) * cell + 3.5) "row" (string order[index])
        ]

    let private colourAt partition position =
        PartitionText.colourOf partition (Partition.rankOf position partition)

    /// The height of a row of the drawing of steps.
    let private stepHeight cell count =
        cell |> min (480.0 / float (max 1 count)) |> max 2.0

    let private steps x y cell partition =
        let length = Partition.length partition
        let count = Partition.groupCount partition
        let height = stepHeight cell count

        let fill rank position =
            let group = Partition.rankOf position partition
            let colour = PartitionText.colourOf partition group

            if group > rank then empty
            elif group = rank then Colour.hex colour
            else Colour.hex (Colour.blend 0.7 colour white)

        let square rank position =
            Svg.rectangle
                (x + float position * cell)
                (y + float rank * height)
                (max 1.0 (cell - 1.0))
                (max 1.0 (height - 1.0))
                (fill rank position)

        [
            yield! columnLabels x (y - 6.0) cell (Array.init length id)
            for rank in 0 .. count - 1 do
                for position in 0 .. length - 1 do
                    square rank position

            for rank in 0 .. (if height >= 11.0 then 1 else int (ceil (11.0 / height))) .. count - 1 do
                Svg.text (x - 8.0) (y + (float rank + 0.5) * height + 3.5) "row" (PartitionText.stepName partition rank)
        ]

    let private mask x y cell (order: int[]) partition mask =
        let layout = Layout.ofPartition partition

        let colour row column =
            if Mask.allows mask layout order[row] order[column] then
                ValueSome(colourAt partition order[column])
            else
                ValueNone

        [
            yield! columnLabels x (y - 6.0) cell order
            yield! rowLabels x y cell order
            yield! grid x y cell order.Length order.Length colour
        ]

    /// The whole picture; `sorted` draws the rows and columns of the masks by step instead of by position.
    let draw sorted title partition =
        let length = Partition.length partition
        let groups = Partition.groupCount partition
        let cell = cellOf length
        let side = float length * cell

        let order =
            if sorted then
                Partition.groups partition |> Array.concat
            else
                Array.init length id

        let left = margin + gutter
        let right = left + side + gutter + 28.0
        let stepsTop = margin + 96.0
        let masksTop = stepsTop + stepHeight cell groups * float groups + 76.0
        let count = groups - Partition.evidenceGroups partition

        Svg.document
            (max (right + side + margin) 560.0)
            (masksTop + side + margin)
            [
                Svg.text margin (margin + 14.0) "title" title
                Svg.text
                    margin
                    (margin + 36.0)
                    "note"
                    $"{length} positions, {count} groups to predict: {count} forward passes"
                Svg.text margin (margin + 70.0) "heading" "steps: what each generates, after what it knows"
                yield! steps left stepsTop cell partition
                Svg.text left (masksTop - 26.0) "heading" "content mask"
                yield! mask left masksTop cell order partition Mask.content
                Svg.text right (masksTop - 26.0) "heading" "query mask"
                yield! mask right masksTop cell order partition Mask.query
            ]
