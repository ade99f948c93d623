namespace A3.Cli

open A3.Model

/// A sample of a curriculum as a picture: partitions by progress, and a histogram of group sizes per stage.
[<RequireQualifiedAccess>]
module CurriculumSvg =

    let private margin = 32.0
    let private row = 14.0

    let private strip x y cell partition =
        let groups = Partition.groupOf partition

        [
            for position in 0 .. groups.Length - 1 do
                let colour =
                    if groups[position] < Partition.evidenceGroups partition then
                        "#e2e5ea"
                    else
                        Colour.hex (PartitionText.colourOf partition groups[position])

                Svg.rectangle (x + float position * cell) y (max 1.0 (cell - 1.0)) (row - 2.0) colour
        ]

    let private histogram x y width (sizes: (int * int) list) =
        let total = sizes |> List.sumBy snd |> float

        [
            for index, (size, count) in List.indexed sizes do
                let share = float count / total
                let top = y + float index * row
                let length = max 1.0 (share * (width - 60.0))
                Svg.text (x - 8.0) (top + row - 4.0) "row" (string size)
                Svg.rectangle x top length (row - 2.0) (Colour.hex (Colour.ofStep 16 (min 15 (size - 1))))
                Svg.text (x + length + 6.0) (top + row - 4.0) "label" (Number.percent share)
        ]

    /// The whole picture.
    let draw title sample =
        let length =
            sample.Partitions |> List.head |> snd |> Partition.length |> max 1 |> float

        let cell = 640.0 / length |> max 1.0 |> min 12.0
        let left = margin + 48.0
        let width = max (length * cell) 420.0
        let top = margin + 84.0
        let below = top + float sample.Partitions.Length * row + 36.0

        let tops =
            sample.Sizes
            |> List.scan (fun y (_, sizes) -> y + float sizes.Length * row + 40.0) below

        Svg.document
            (left + width + margin)
            (List.last tops + margin - 20.0)
            [
                Svg.text margin (margin + 14.0) "title" title
                Svg.text
                    margin
                    (margin + 36.0)
                    "note"
                    "Grey is given; blue is generated first, then green and yellow, red last."
                Svg.text margin (margin + 68.0) "heading" "partitions by progress of the run"

                for index, (progress, partition) in List.indexed sample.Partitions do
                    let y = top + float index * row
                    Svg.text (left - 8.0) (y + row - 4.0) "row" (Number.percent progress)
                    yield! strip left y cell partition

                for stage, (share, sizes) in List.indexed sample.Sizes do
                    let y = tops[stage]
                    Svg.text margin y "heading" $"stage {stage}, {Number.percent share} of the run: sizes of its groups"
                    yield! histogram left (y + 10.0) width sizes
            ]
