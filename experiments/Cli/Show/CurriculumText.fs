namespace A3.Cli

open System
open A3.Model

/// A sample of a curriculum drawn with letters: one line per partition, then a histogram of group sizes per stage.
[<RequireQualifiedAccess>]
module CurriculumText =

    let private digits = "123456789abcdefghijklmnopqrstuvwxyz"

    /// Without ink a step is a letter: 1 for the first, up to z for the last ones.
    let private letter steps step =
        let index =
            if steps <= digits.Length then
                step
            else
                step * digits.Length / steps

        string digits[index]

    let private strip ink partition =
        let evidence = Partition.evidenceGroups partition
        let steps = Partition.groupCount partition - evidence

        Partition.groupOf partition
        |> Seq.map (fun rank ->
            match ink, rank < evidence with
            | Ink.Plain, true -> "."
            | Ink.Plain, false -> letter steps (rank - evidence)
            | _, true -> Ink.dim "░" ink
            | _, false -> Ink.text (PartitionText.colourOf partition rank) "█" ink)
        |> String.Concat

    let private bar ink longest share =
        let width = share * float longest |> round |> int |> max 1
        String((if ink = Ink.Plain then '#' else '█'), width)

    let private histogram ink width stage =
        let longest = width - 27 |> min 60 |> max 10

        [
            for label, size, share in CurriculumSample.bars stage do
                let colour = Colour.ofStep 16 (min 15 (size - 1))
                let drawn = Ink.text colour (bar ink longest share) ink
                $"  {label.PadLeft 7}  {(Number.percent share).PadLeft 4}  {drawn}"
        ]

    /// A stage as a bar along the run.
    let private timeline ink (stage: StageSample) =
        let columns = 40

        let column progress =
            progress * float columns |> round |> int

        let start = column stage.Start |> min (columns - 1)
        let width = column (stage.Start + stage.Share) - start |> max 1
        let before = String(' ', start)
        let after = String(' ', max 0 (columns - start - width))

        let filled = String((if ink = Ink.Plain then '#' else '█'), width) + after

        let losses = CurriculumSample.losses stage
        let remark = if losses = "" then "" else ", " + losses
        $"{before}{filled}  {(Number.percent stage.Share).PadLeft 4}  {CurriculumSample.length stage}{remark}"

    /// The whole drawing, line by line.
    let draw ink width title sample =
        let given, first =
            match ink with
            | Ink.Plain -> "'.' is given, 1 is generated first, later letters later", "partitions"
            | Ink.Colours256
            | Ink.TrueColour -> "grey is given, blue is generated first, red last", "partitions"

        [
            Ink.bold title ink
            ""

            Ink.bold "stages" ink
            + Ink.dim $" of a run of {Number.grouped sample.Plan.Tokens} tokens" ink

            for index, stage in List.indexed sample.Stages do
                $"  {(string index).PadLeft 4}  {timeline ink stage}"

            ""
            Ink.bold first ink + Ink.dim $", by progress of the run; {given}" ink

            for progress, partition in sample.Partitions do
                $"  {(Number.percent progress).PadLeft 4}  {strip ink partition}"

            for index, stage in List.indexed sample.Stages do
                ""

                Ink.bold $"stage {index}" ink
                + Ink.dim $": sizes of its groups; {Number.percent stage.Given} of the positions are given" ink

                yield! histogram ink width stage
        ]
