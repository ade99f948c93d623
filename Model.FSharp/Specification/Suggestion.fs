namespace A3.Model

open System

/// What was probably meant by a name that there is not.
[<RequireQualifiedAccess>]
module Suggestion =

    /// Names are short; a longer text is none.
    let private longest = 64

    /// Letters to insert, delete, replace or swap with their neighbour until one text is the other (optimal string alignment).
    let private distance (one: string) (other: string) =
        let table = Array2D.init (one.Length + 1) (other.Length + 1) max

        for i in 1 .. one.Length do
            for j in 1 .. other.Length do
                let replaced = table[i - 1, j - 1] + (if one[i - 1] = other[j - 1] then 0 else 1)

                let edited = min replaced (1 + min table[i - 1, j] table[i, j - 1])

                table[i, j] <-
                    if i > 1 && j > 1 && one[i - 1] = other[j - 2] && one[i - 2] = other[j - 1] then
                        min edited (table[i - 2, j - 2] + 1)
                    else
                        edited

        table[one.Length, other.Length]

    /// Whether a name is a shorter way to write another: its first letter and others of it in their order, as bf16 of bfloat16.
    let private abbreviates (name: string) (given: string) =
        let next found letter =
            match found with
            | Some from ->
                match name.IndexOf((letter: char), (from: int)) with
                | -1 -> None
                | index -> Some(index + 1)
            | None -> None

        given.Length >= 2
        && name[0] = given[0]
        && Seq.fold next (Some 0) given |> Option.isSome

    /// The choice that a text is closest to: a few letters off, or cut short; none where no choice is close.
    let nearest (choices: string seq) (given: string) =
        let given = given.ToLowerInvariant()

        if given = "" || given.Length > longest then
            None
        else
            let judged =
                [
                    for choice in choices do
                        let name = choice.ToLowerInvariant()

                        if name <> "" then
                            distance name given, name, choice
                ]

            let close =
                judged
                |> List.filter (fun (distance, name, _) -> distance <= max 1 (min name.Length given.Length / 3))

            let cut = judged |> List.filter (fun (_, name, _) -> abbreviates name given)

            match close, cut with
            | [], [] -> None
            | [], cut -> cut |> List.minBy (fun (distance, _, _) -> distance) |> Some
            | close, _ -> close |> List.minBy (fun (distance, _, _) -> distance) |> Some
            |> Option.map (fun (_, _, choice) -> choice)

    /// How a message ends that names the nearest choice, if there is one: `; did you mean 'paper'?`, or with a full stop.
    let asked nearest =
        match nearest with
        | Some near -> $"; did you mean '{near}'?"
        | None -> "."

    /// `asked` of the choice nearest to what was given.
    let ending choices given = asked (nearest choices given)
