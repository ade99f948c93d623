namespace A3.Cli

open System
open A3.Model

/// A partition drawn with letters: what each step generates, and which positions attend to which. With ink, blocks in the
/// colours of the groups; without, plain ASCII.
[<RequireQualifiedAccess>]
module PartitionText =

    /// The colour of a group: grey for evidence, by step for the others.
    let colourOf partition rank =
        let evidence = Partition.evidenceGroups partition

        if rank < evidence then
            Colour.given
        else
            Colour.ofStep (Partition.groupCount partition - evidence) (rank - evidence)

    /// How the group of a rank is called: `given`, or the number of the step that generates it.
    let stepName partition rank =
        let evidence = Partition.evidenceGroups partition

        if rank < evidence then
            "given"
        else
            string (rank - evidence)

    /// Ranges where positions follow each other: `0..3 7`.
    let positions (group: int[]) =
        String.Join(" ", Interval.ofPositions group |> List.map Interval.print)

    let private shades ink =
        if ink = Ink.Plain then "#", "+", "." else "█", "▒", "·"

    /// Every position as one letter: just generated, generated before, still open.
    let private strip ink partition rank =
        let now, before, still = shades ink

        Partition.groupOf partition
        |> Seq.map (fun group ->
            if group = rank then
                Ink.text (colourOf partition group) now ink
            elif group < rank then
                Ink.text (colourOf partition group) before ink
            else
                Ink.dim still ink)
        |> String.Concat

    /// A number above every tenth position.
    let private ruler length =
        String.Join("", Seq.init ((length + 9) / 10) (fun tenth -> (string (tenth * 10)).PadRight 10)).TrimEnd()

    /// One line per step, with the sequence as it is after it.
    let steps ink partition =
        let groups = Partition.groups partition |> Array.map positions

        let width = groups |> Seq.map String.length |> Seq.fold max 9 |> min 30

        let shortened (text: string) =
            if text.Length > width then
                text.Substring(0, width - 3) + "..."
            else
                text

        [
            Ink.dim
                (" step  "
                 + "positions".PadRight width
                 + "  "
                 + ruler (Partition.length partition))
                ink

            for rank in 0 .. groups.Length - 1 do
                let name = (stepName partition rank).PadLeft 5
                let where = (shortened groups[rank]).PadRight width
                $"""{Ink.strong (colourOf partition rank) name ink}  {where}  {strip ink partition rank}"""
        ]

    let private entry ink colour allowed =
        match ink, allowed with
        | Ink.Plain, true -> "#"
        | Ink.Plain, false -> "."
        | _, true -> Ink.text colour "██" ink
        | _, false -> Ink.dim "· " ink

    /// A mask, one line per query position in the given order, one column per key position in the same order, in the
    /// colour of the key's group; with its title and two lines of column numbers above.
    let mask ink title (order: int[]) partition mask =
        let layout = Layout.ofPartition partition
        let cell = if ink = Ink.Plain then 1 else 2

        let numbers digit =
            order
            |> Seq.map (fun position -> (digit position: string).PadRight cell)
            |> String.Concat

        let tens position =
            if position >= 10 then string (position / 10 % 10) else " "

        let width = order.Length * cell

        [
            Ink.bold title ink, title.Length
            Ink.dim ("     " + numbers tens) ink, width + 5
            Ink.dim ("     " + numbers (fun position -> string (position % 10))) ink, width + 5

            for query in order do
                let keys =
                    order
                    |> Seq.map (fun key ->
                        let colour = colourOf partition (Partition.rankOf key partition)
                        entry ink colour (Mask.allows mask layout query key))
                    |> String.Concat

                let label =
                    Ink.text (colourOf partition (Partition.rankOf query partition)) ((string query).PadLeft 4) ink

                $"{label} {keys}", width + 5
        ]

    /// Two blocks of lines, each with its visible width, side by side where they fit, else one below the other.
    let private beside width (left: (string * int) list) (right: (string * int) list) =
        let column = left |> List.map snd |> List.max

        if column + 4 + (right |> List.map snd |> List.max) <= width then
            List.map2
                (fun (one: string, visible) (other: string, _) -> one + String(' ', column - visible + 4) + other)
                left
                right
        else
            List.map fst left @ [ "" ] @ List.map fst right

    /// Longest sequence whose masks are drawn with letters.
    let longestMask = 128

    /// The whole drawing, line by line: steps, then both masks side by side where the width allows. `sorted` draws the
    /// rows and columns of the masks by step instead of by position.
    let draw ink width sorted title partition =
        let length = Partition.length partition
        let count = Partition.groupCount partition - Partition.evidenceGroups partition

        let order =
            if sorted then
                Partition.groups partition |> Array.concat
            else
                Array.init length id

        let masks =
            if length > longestMask then
                [
                    $"Masks are drawn up to {longestMask} positions; --svg FILE draws longer ones."
                ]
            else
                beside
                    width
                    (mask ink "content mask: rows that know their token" order partition Mask.content)
                    (mask ink "query mask: rows to predict" order partition Mask.query)

        [
            Ink.bold title ink
            Ink.dim $"{length} positions, {count} groups to predict, so {count} forward passes" ink
            ""
            yield! steps ink partition
            ""
            yield! masks
            ""
            Ink.dim "Each row attends to the marked columns." ink
        ]
