namespace A3.Model

open FParsec

/// How many positions each group holds, for every number of positions; examples are for 10. Sizes below 1 count as 1.
[<RequireQualifiedAccess>]
type SizeSchedule =
    /// `Constant 4`: 4 4 2.
    | Constant of size: int
    /// Group k holds round(first * ratio^k); `Geometric(1, 2.0)`: 1 2 4 3.
    | Geometric of first: int * ratio: float
    /// After k of K groups floor(N cos(pi k / 2K)) positions are open (MaskGIT); `Cosine 4`: 1 2 4 3.
    | Cosine of groups: int
    /// The listed sizes, the last one again and again; `Explicit [ 1; 3 ]`: 1 3 3 3.
    | Explicit of sizes: int list

[<RequireQualifiedAccess>]
module SizeSchedule =

    /// Sizes until nothing is left, each at least 1 (even one that is not a number) and cut to what is left.
    let private fill count (sizes: float seq) =
        use sizes = sizes.GetEnumerator()

        let next left =
            if left = 0 || not (sizes.MoveNext()) then
                None
            else
                let size = sizes.Current |> min (float left) |> int |> max 1
                Some(size, left - size)

        Array.unfold next count

    let private cosine groups count =
        let groups = groups |> min count |> max 1

        let left step =
            if step = groups then
                0
            else
                int (float count * cos (System.Math.PI / 2.0 * float step / float groups))

        Array.init groups (fun step -> left step - left (step + 1))
        |> Array.filter (fun size -> size > 0)

    /// Sizes, each at least 1, that sum to the number of positions.
    let sizes count schedule =
        match schedule with
        | SizeSchedule.Constant size -> Seq.initInfinite (fun _ -> float size) |> fill count
        | SizeSchedule.Geometric(first, ratio) ->
            Seq.initInfinite (fun step -> System.Math.Round(float (max 1 first) * ratio ** float step))
            |> fill count
        | SizeSchedule.Cosine groups -> cosine groups count
        | SizeSchedule.Explicit sizes ->
            let sizes = sizes |> List.map float |> Array.ofList

            if sizes.Length = 0 then
                Array.create count 1
            else
                Seq.initInfinite (fun step -> sizes[min step (sizes.Length - 1)]) |> fill count

    /// The largest size that a schedule names.
    let largest schedule =
        match schedule with
        | SizeSchedule.Constant size
        | SizeSchedule.Geometric(size, _) -> size
        | SizeSchedule.Cosine _ -> 1
        | SizeSchedule.Explicit sizes -> List.fold max 1 sizes

    /// Consecutive parts of an array, of these sizes.
    let split schedule (items: 'item[]) =
        let sizes = sizes items.Length schedule
        let starts = sizes |> Array.scan (+) 0
        sizes |> Array.mapi (fun part size -> Array.sub items starts[part] size)

    /// Text form: `chunks 4`, `geometric 1 2`, `cosine 8`, `sizes 1 2 4`.
    let print schedule =
        match schedule with
        | SizeSchedule.Constant size -> $"chunks {string size}"
        | SizeSchedule.Geometric(first, ratio) -> $"geometric {string first} {Numeral.print ratio}"
        | SizeSchedule.Cosine groups -> $"cosine {string groups}"
        | SizeSchedule.Explicit sizes -> Syntax.words ("sizes" :: List.map string sizes)

    let internal size = Syntax.atLeast 1 "a size"

    let internal words =
        [
            "chunks", size |>> SizeSchedule.Constant
            "geometric",
            size .>>. Syntax.number "above 0" (fun ratio -> ratio > 0.0) "a ratio"
            |>> SizeSchedule.Geometric
            "cosine", Syntax.atLeast 1 "a number of groups" |>> SizeSchedule.Cosine
            "sizes", many1 size |>> SizeSchedule.Explicit
        ]

    let internal parser = Syntax.oneOf "a schedule" words
