namespace A3.Model

/// The positions `First..Last`, both included; empty where `Last` is below `First`.
[<Struct>]
type Region = { First: int; Last: int }

[<RequireQualifiedAccess>]
module Region =

    /// `between 4 7` is 4, 5, 6, 7.
    let between first last = { First = first; Last = last }

    /// One position.
    let at position = between position position

    /// The positions of a region that exist in a sequence, ascending.
    let positions length region =
        [| max 0 region.First .. min (length - 1) region.Last |]

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
