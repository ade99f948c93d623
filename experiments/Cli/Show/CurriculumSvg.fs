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

    let private histogram x y width stage =
        [
            for index, (label, size, share) in List.indexed (CurriculumSample.bars stage) do
                let top = y + float index * row
                let length = max 1.0 (share * (width - 60.0))
                Svg.text (x - 8.0) (top + row - 4.0) "row" label
                Svg.rectangle x top length (row - 2.0) (Colour.hex (Colour.ofStep 16 (min 15 (size - 1))))
                Svg.text (x + length + 6.0) (top + row - 4.0) "label" (Number.percent share)
        ]

    /// The stages along the run, each with its number where there is room for it.
    let private timeline x y width (stages: StageSample list) =
        [
            for index, stage in List.indexed stages do
                let left = x + stage.Start * width
                let length = max 1.0 (stage.Share * width - 1.0)
                let colour = Colour.hex (Colour.ofStep (max 2 stages.Length) index)
                Svg.rectangle left y length row colour

                if length > 24.0 then
                    Svg.text (left + length / 2.0) (y + row + 12.0) "column" $"stage {index}"
        ]

    let private heading index stage =
        let losses = CurriculumSample.losses stage
        let remark = if losses = "" then "" else $", {losses}"
        $"stage {index}: {Number.percent stage.Share} of the run, {CurriculumSample.length stage}{remark}"

    /// The whole picture.
    let draw title sample =
        let length =
            sample.Partitions |> List.head |> snd |> Partition.length |> max 1 |> float

        let cell = 640.0 / length |> max 1.0 |> min 12.0
        let left = margin + 48.0
        let width = max (length * cell) 420.0
        let top = margin + 138.0
        let below = top + float sample.Partitions.Length * row + 36.0

        let tops =
            sample.Stages
            |> List.scan (fun y stage -> y + float (CurriculumSample.bars stage).Length * row + 60.0) below

        Svg.document
            (left + width + margin)
            (List.last tops + margin - 20.0)
            [
                Svg.title (left + width + margin) margin (margin + 14.0) title
                Svg.text
                    margin
                    (margin + 36.0)
                    "note"
                    "Grey is given; blue is generated first, then green and yellow, red last."
                Svg.text
                    margin
                    (margin + 68.0)
                    "heading"
                    $"stages of a run of {Number.grouped sample.Plan.Tokens} tokens"
                yield! timeline left (margin + 78.0) width sample.Stages
                Svg.text margin (margin + 126.0) "heading" "partitions by progress of the run"

                for index, (progress, partition) in List.indexed sample.Partitions do
                    let y = top + float index * row
                    Svg.text (left - 8.0) (y + row - 4.0) "row" (Number.percent progress)
                    yield! strip left y cell partition

                for index, stage in List.indexed sample.Stages do
                    let y = tops[index]
                    Svg.text margin y "heading" (heading index stage)

                    Svg.text
                        margin
                        (y + 18.0)
                        "note"
                        $"sizes of its groups; {Number.percent stage.Given} of the positions are given"

                    yield! histogram left (y + 30.0) width stage
            ]
