namespace A3.Model

open FParsec

/// The positions `First..Last`, both included; empty where `Last` is below `First`.
[<Struct>]
type Interval = { First: int; Last: int }

[<RequireQualifiedAccess>]
module Interval =

    /// `between 4 7` is 4, 5, 6, 7.
    let between first last = { First = first; Last = last }

    /// One position.
    let at position = between position position

    /// The positions of a region that exist in a sequence, ascending.
    let positions length region =
        [| max 0 region.First .. min (length - 1) region.Last |]

    /// Which of the regions is the first that holds a position, for some positions in ascending order. Each position is looked at once,
    /// however many regions overlap.
    let internal firstHolding (regions: Interval list) (positions: int[]) =
        let found = System.Collections.Generic.Dictionary<int, int>()
        // Where to look next from an index on: at itself while it is in no region, else behind those known to be in one.
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

        regions
        |> List.iteri (fun number region ->
            let mutable index = free (indexOf region.First)

            while index < positions.Length && positions[index] <= region.Last do
                found[positions[index]] <- number
                next[index] <- index + 1
                index <- free index)

        fun position ->
            match found.TryGetValue position with
            | true, number -> Some number
            | false, _ -> None

    /// The fewest regions that hold exactly these positions, ascending.
    let ofPositions positions =
        let extend regions position =
            match regions with
            | region :: others when position <= region.Last + 1 ->
                { region with
                    Last = max region.Last position
                }
                :: others
            | _ -> at position :: regions

        positions |> Seq.sort |> Seq.fold extend [] |> List.rev

    /// Text form: `4..7`, or `4` for one position.
    let print region =
        Syntax.printInterval region.First region.Last

    let internal parser =
        Syntax.interval 0 "a position" |>> fun (first, last) -> between first last

    /// Positions as the fewest regions: `0..3 8`.
    let internal printAll positions =
        ofPositions positions |> List.map print |> Syntax.words

    /// The positions of lists of regions, together no more than the longest sequences have.
    let internal expand regions =
        let most = 1L <<< 20

        let count =
            regions
            |> Seq.concat
            |> Seq.sumBy (fun region -> int64 region.Last - int64 region.First + 1L)

        if count > most then
            fail $"%d{count} positions, but at most %d{most} are read"
        else
            regions
            |> List.map (Seq.collect (fun region -> seq { region.First .. region.Last }) >> Array.ofSeq)
            |> preturn
