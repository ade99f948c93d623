namespace A3.Model

open FParsec

/// The positions from `Start` on and before `End`; empty where `End` is not above `Start`. Text forms, as people count, name the last one.
[<Struct>]
type Interval = { Start: int; End: int }

[<RequireQualifiedAccess>]
module Interval =

    /// `between 4 7` is 4, 5, 6, 7. No sequence holds the largest of all integers, so it ends an interval as the one before it does.
    let between first last =
        {
            Start = first
            End = if last = System.Int32.MaxValue then last else last + 1
        }

    /// One position.
    let at position = between position position

    /// The positions of an interval that exist in a sequence, ascending.
    let positions length interval =
        [| max 0 interval.Start .. min length interval.End - 1 |]

    /// Which of the intervals is the first that holds a position, for some positions in ascending order. Each position is looked at once,
    /// however many intervals overlap.
    let internal firstHolding (intervals: Interval list) (positions: int[]) =
        let found = System.Collections.Generic.Dictionary<int, int>()
        // Where to look next from an index on: at itself while it is in no interval, else behind those known to be in one.
        let next = Array.init (positions.Length + 1) id

        let rec free index =
            if next[index] = index then
                index
            else
                next[index] <- next[next[index]]
                free next[index]

        let indexOf position =
            let found = System.Array.BinarySearch(positions, position)
            if found >= 0 then found else ~~~found

        intervals
        |> List.iteri (fun number interval ->
            let mutable index = free (indexOf interval.Start)

            while index < positions.Length && positions[index] < interval.End do
                found[positions[index]] <- number
                next[index] <- index + 1
                index <- free index)

        fun position ->
            match found.TryGetValue position with
            | true, number -> Some number
            | false, _ -> None

    /// The fewest intervals that hold exactly these positions, ascending.
    let ofPositions positions =
        let extend intervals position =
            match intervals with
            | interval :: others when position <= interval.End ->
                { interval with
                    End = max interval.End (position + 1)
                }
                :: others
            | _ -> at position :: intervals

        positions |> Seq.sort |> Seq.fold extend [] |> List.rev

    /// Text form: `4..7`, or `4` for one position.
    let print interval =
        Syntax.printInterval interval.Start (interval.End - 1)

    let internal parser =
        Syntax.interval 0 "a position" |>> fun (first, last) -> between first last

    /// Positions as the fewest intervals: `0..3 8`.
    let internal printAll positions =
        ofPositions positions |> List.map print |> Syntax.words

    /// The positions of lists of intervals, together no more than the longest sequences have.
    let internal expand intervals =
        let most = 1L <<< 20

        let count =
            intervals
            |> Seq.concat
            |> Seq.sumBy (fun interval -> max 0L (int64 interval.End - int64 interval.Start))

        if count > most then
            fail $"%d{count} positions, but at most %d{most} are read"
        else
            intervals
            |> List.map (
                Seq.collect (fun interval -> seq { interval.Start .. interval.End - 1 })
                >> Array.ofSeq
            )
            |> preturn
