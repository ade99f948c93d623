namespace A3.Model

open System.Collections.Generic
open FParsec

/// Where an order that works around a position starts or ends.
[<RequireQualifiedAccess>]
type Anchor =
    /// Position (N - 1) / 2.
    | Middle
    /// A position; one past the end counts as the last.
    | At of position: int

/// Which position is generated at which step, for every length. Examples are for length 7. Strides, sizes and lanes below
/// 1 count as 1.
[<RequireQualifiedAccess>]
type Order =
    /// Step t generates t: 0 1 2 3 4 5 6.
    | LeftToRight
    /// Step t generates N - 1 - t: 6 5 4 3 2 1 0.
    | RightToLeft
    /// A uniform permutation, the same for the same seed.
    | Random of seed: int64
    /// Far-apart positions first: those with remainder 0 by the stride, then remainder 1, ...; `Strided 3`: 0 3 6 1 4 2 5.
    | Strided of stride: int
    /// The middle, then the middles of both halves, and so on (also called fractal): 3 1 5 0 2 4 6.
    | Bisect
    /// By distance from the anchor, nearest first, the lower position at a tie: 3 2 4 1 5 0 6.
    | InsideOut of Anchor
    /// By distance from the anchor, farthest first, the lower position at a tie: 0 6 1 5 2 4 3.
    | OutsideIn of Anchor
    /// Blocks left to right, each arranged by `inner` over its own positions; `Blockwise(3, RightToLeft)`: 2 1 0 5 4 3 6.
    | Blockwise of size: int * inner: Order
    /// Equal contiguous lanes side by side, each one step behind the lane at its left; `Staggered 2` (lanes 0..3 and 4..6):
    /// 0 1 4 2 5 3 6.
    | Staggered of lanes: int
    /// The listed positions that exist, each once; `Explicit [ 5; 2; 9 ]` names 5 2. The others follow left to right.
    | Explicit of steps: int list
    /// Last step first: `Reverse o` at t is `o` at N - 1 - t.
    | Reverse of Order
    /// `Compose(outer, inner)` at t is `outer` at (`inner` at t).
    | Compose of outer: Order * inner: Order
    /// Names the positions of an interval only, arranged by `inner` over them. The others follow left to right.
    | Within of Interval * inner: Order
    /// The positions that `first` names, then the others in the order of `rest`; associative.
    | Then of first: Order * rest: Order

/// Law 1: every order resolves to a permutation for every length from 0 up.
[<RequireQualifiedAccess>]
module Order =

    let private leftToRight length = Array.init length id

    let private arrangeBy key length =
        leftToRight length
        |> Array.sortBy (fun position -> (int64 (key position: int) <<< 32) ||| int64 position)

    let private bisect length =
        let halves = Queue [ struct (0, length) ]

        [|
            while halves.Count > 0 do
                let struct (first, count) = halves.Dequeue()

                if count > 0 then
                    let left = (count - 1) / 2
                    first + left
                    halves.Enqueue(struct (first, left))
                    halves.Enqueue(struct (first + left + 1, count - left - 1))
        |]

    let private stagger lanes length =
        let lanes = lanes |> min length |> max 1
        let width = (length + lanes - 1) / lanes
        arrangeBy (fun position -> position % width + position / width) length

    let private distance anchor length position =
        match anchor with
        | Anchor.Middle -> abs (position - (length - 1) / 2)
        | Anchor.At anchor -> abs (position - (anchor |> min (length - 1) |> max 0))

    /// The positions that an order names, by step: all of them, save for `Explicit` and `Within`, and `Then` over these.
    let rec names length order =
        match order with
        | Order.LeftToRight -> leftToRight length
        | Order.RightToLeft -> Array.init length (fun step -> length - 1 - step)
        | Order.Random seed -> Seed.ofInt64 seed |> Seed.shuffle length
        | Order.Strided stride ->
            let stride = stride |> min length |> max 1
            arrangeBy (fun position -> position % stride) length
        | Order.Bisect -> bisect length
        | Order.InsideOut anchor -> arrangeBy (distance anchor length) length
        | Order.OutsideIn anchor -> arrangeBy (fun position -> -(distance anchor length position)) length
        | Order.Blockwise(size, inner) ->
            leftToRight length
            |> Array.chunkBySize (max 1 size)
            |> Array.collect (fun block -> steps block.Length inner |> Array.map (fun step -> block[step]))
        | Order.Staggered lanes -> stagger lanes length
        | Order.Explicit steps ->
            steps
            |> Seq.filter (fun position -> position >= 0 && position < length)
            |> Seq.distinct
            |> Array.ofSeq
        | Order.Reverse inner -> steps length inner |> Array.rev
        | Order.Compose(outer, inner) ->
            let outer = steps length outer
            steps length inner |> Array.map (fun step -> outer[step])
        | Order.Within(interval, inner) ->
            let interval = Interval.positions length interval
            steps interval.Length inner |> Array.map (fun step -> interval[step])
        | Order.Then(first, rest) -> Array.append (names length first) (names length rest) |> Array.distinct

    /// All positions by step: those named, then the others left to right.
    and steps length order =
        let named = names length order

        if named.Length = length then
            named
        else
            leftToRight length |> Array.append named |> Array.distinct

    /// The meaning of an order for one length.
    let resolve length order =
        steps (max 0 length) order |> Permutation.create

    /// The same order with every `Random` inside redrawn; equal seeds stay equal.
    let rec reseed seed order =
        match order with
        | Order.Random old -> Order.Random(int64 (Seed.bits (Seed.derive old seed) >>> 1))
        | Order.Blockwise(size, inner) -> Order.Blockwise(size, reseed seed inner)
        | Order.Reverse inner -> Order.Reverse(reseed seed inner)
        | Order.Compose(outer, inner) -> Order.Compose(reseed seed outer, reseed seed inner)
        | Order.Within(interval, inner) -> Order.Within(interval, reseed seed inner)
        | Order.Then(first, rest) -> Order.Then(reseed seed first, reseed seed rest)
        | Order.LeftToRight
        | Order.RightToLeft
        | Order.Strided _
        | Order.Bisect
        | Order.InsideOut _
        | Order.OutsideIn _
        | Order.Staggered _
        | Order.Explicit _ -> order

    /// Text form: a name and its numbers (`random 7`, `strided 3`, `explicit 5 2`); orders inside orders in parentheses
    /// (`blockwise 4 (random 7)`, `compose (reverse bisect) (random 7)`); `within 4..7 bisect then right-to-left`.
    let rec print order =
        match order with
        | Order.LeftToRight -> "left-to-right"
        | Order.RightToLeft -> "right-to-left"
        | Order.Random 0L -> "random"
        | Order.Random seed -> $"random {string seed}"
        | Order.Strided stride -> $"strided {string stride}"
        | Order.Bisect -> "bisect"
        | Order.InsideOut Anchor.Middle -> "inside-out"
        | Order.InsideOut(Anchor.At position) -> $"inside-out {string position}"
        | Order.OutsideIn Anchor.Middle -> "outside-in"
        | Order.OutsideIn(Anchor.At position) -> $"outside-in {string position}"
        | Order.Blockwise(size, inner) -> $"blockwise {string size} {operand inner}"
        | Order.Staggered lanes -> $"staggered {string lanes}"
        | Order.Explicit steps -> Syntax.words ("explicit" :: List.map string steps)
        | Order.Reverse inner -> $"reverse {operand inner}"
        | Order.Compose(outer, inner) -> $"compose {operand outer} {operand inner}"
        | Order.Within(interval, inner) -> $"within {Interval.print interval} {operand inner}"
        | Order.Then(first, (Order.Then _ as rest)) -> $"{print first} then ({print rest})"
        | Order.Then(first, rest) -> $"{print first} then {print rest}"

    and private operand order =
        let text = print order
        if text.Contains ' ' then $"({text})" else text

    let private anchor = Syntax.atLeast 0 "a position" |>> Anchor.At <|>% Anchor.Middle

    /// Orders that hold no other order.
    let private simple =
        [
            "left-to-right", preturn Order.LeftToRight
            "right-to-left", preturn Order.RightToLeft
            "random", Syntax.seed <|>% 0L |>> Order.Random
            "bisect", preturn Order.Bisect
            "strided", Syntax.atLeast 1 "a stride" |>> Order.Strided
            "inside-out", anchor |>> Order.InsideOut
            "outside-in", anchor |>> Order.OutsideIn
            "staggered", Syntax.atLeast 1 "a number of lanes" |>> Order.Staggered
            "explicit", many (Syntax.atLeast 0 "a position") |>> Order.Explicit
        ]

    let private what = "an order"

    /// Whole orders in parentheses.
    let private nested, private nestedReference = createParserForwardedToRef ()

    /// Orders as they stand inside others.
    let internal operandParser = Syntax.oneOf what simple <|> nested

    /// Orders that hold others.
    let private combined =
        [
            "reverse", operandParser |>> Order.Reverse
            "blockwise", Syntax.atLeast 1 "a block size" .>>. operandParser |>> Order.Blockwise
            "within", Interval.parser .>>. operandParser |>> Order.Within
            "compose", operandParser .>>. operandParser |>> Order.Compose
        ]

    /// Whole orders.
    let internal parser =
        let one = Syntax.oneOf what (simple @ combined) <|> nested
        Syntax.chain one (Syntax.keyword "then" >>. one |>> fun rest first -> Order.Then(first, rest))

    nestedReference.Value <- Syntax.parenthesised parser

    let parse text = Syntax.run parser text
