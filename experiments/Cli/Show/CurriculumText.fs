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

    let private histogram ink width (sizes: (int * int) list) =
        let total = sizes |> List.sumBy snd |> float
        let longest = width - 24 |> min 60 |> max 10

        [
            for size, count in sizes do
                let share = float count / total
                let colour = Colour.ofStep 16 (min 15 (size - 1))
                let drawn = Ink.text colour (bar ink longest share) ink
                $"  {(string size).PadLeft 4}  {(Number.percent share).PadLeft 4}  {drawn}"
        ]

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
            Ink.bold first ink + Ink.dim $", by progress of the run; {given}" ink

            for progress, partition in sample.Partitions do
                $"  {(Number.percent progress).PadLeft 4}  {strip ink partition}"

            for stage, (share, sizes) in List.indexed sample.Sizes do
                ""

                Ink.bold $"stage {stage}" ink
                + Ink.dim $", {Number.percent share} of the run: sizes of its groups" ink

                yield! histogram ink width sizes
        ]
