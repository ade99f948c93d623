/// Arbitrary specifications with shrinkers. `any` values use numbers without regard for the rules of the text forms.
module A3.Model.Tests.Generators

open A3.Model
open Expecto
open FsCheck
open FsCheck.FSharp

/// A property over values of one kind; FsCheck prints the shrunk counterexample and the seed to replay it.
let property name (arbitrary: Arbitrary<'value>) (holds: 'value -> unit) =
    test name {
        let config = Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess true

        Check.One(config, Prop.forAll arbitrary holds)
    }

/// Numbers as the text forms allow them.
let internal size =
    Gen.frequency [ 9, Gen.choose (1, 9); 1, Gen.constant System.Int32.MaxValue ]

let private position = Gen.choose (0, 12)

let private anyNumber =
    Gen.oneof
        [
            Gen.choose (-3, 12)
            Gen.elements [ System.Int32.MinValue; System.Int32.MaxValue ]
        ]

let private seed =
    Gen.elements [ 0L; 1L; 7L; -5L; System.Int64.MinValue; System.Int64.MaxValue ]

let private region position =
    Gen.map2 (fun first last -> A3.Model.Interval.between (min first last) (max first last)) position position

let private anyRegion = Gen.map2 A3.Model.Interval.between anyNumber anyNumber

let internal upTo count generator =
    Gen.choose (0, count) >>= fun count -> Gen.listOfLength count generator

type internal Numbers =
    {
        Size: Gen<int>
        Position: Gen<int>
        Interval: Gen<A3.Model.Interval>
        Ratio: Gen<float>
    }

let internal readable =
    {
        Size = size
        Position = position
        Interval = region position
        Ratio = Gen.elements [ 0.5; 1.0; 1.5; 2.0; 1e-9; 1e300 ]
    }

let private any =
    {
        Size = anyNumber
        Position = anyNumber
        Interval = anyRegion
        Ratio = Gen.elements [ 0.0; -2.0; nan; infinity; 2.0 ]
    }

let internal orderOf numbers =
    let anchor =
        Gen.oneof [ Gen.constant Anchor.Middle; Gen.map Anchor.At numbers.Position ]

    let rec order depth =
        let simple =
            [
                Gen.constant Order.LeftToRight
                Gen.constant Order.RightToLeft
                Gen.map Order.Random seed
                Gen.map Order.Strided numbers.Size
                Gen.constant Order.Bisect
                Gen.map Order.InsideOut anchor
                Gen.map Order.OutsideIn anchor
                Gen.map Order.Staggered numbers.Size
                Gen.map Order.Explicit (upTo 5 numbers.Position)
            ]

        if depth = 0 then
            Gen.oneof simple
        else
            let inner = order (depth - 1)

            Gen.oneof (
                simple
                @ [
                    Gen.map2 (fun size inner -> Order.Blockwise(size, inner)) numbers.Size inner
                    Gen.map Order.Reverse inner
                    Gen.map2 (fun outer inner -> Order.Compose(outer, inner)) inner inner
                    Gen.map2 (fun region inner -> Order.Within(region, inner)) numbers.Interval inner
                    Gen.map2 (fun first rest -> Order.Then(first, rest)) inner inner
                ]
            )

    order 3

let rec private shrinkOrder order =
    let within make inner =
        Seq.append [ inner ] (shrinkOrder inner |> Seq.map make)

    let both make left right =
        Seq.concat
            [
                Seq.ofList [ left; right ]
                shrinkOrder left |> Seq.map (fun left -> make (left, right))
                shrinkOrder right |> Seq.map (fun right -> make (left, right))
            ]

    match order with
    | Order.LeftToRight -> Seq.empty
    | Order.Blockwise(size, inner) -> within (fun inner -> Order.Blockwise(size, inner)) inner
    | Order.Reverse inner -> within Order.Reverse inner
    | Order.Compose(outer, inner) -> both Order.Compose outer inner
    | Order.Within(region, inner) -> within (fun inner -> Order.Within(region, inner)) inner
    | Order.Then(first, rest) -> both Order.Then first rest
    | Order.Explicit(_ :: others) -> Seq.singleton (Order.Explicit others)
    | Order.Explicit []
    | Order.RightToLeft
    | Order.Random _
    | Order.Strided _
    | Order.Bisect
    | Order.InsideOut _
    | Order.OutsideIn _
    | Order.Staggered _ -> Seq.singleton Order.LeftToRight

let order = Arb.fromGenShrink (orderOf readable, shrinkOrder)
let anyOrder = Arb.fromGenShrink (orderOf any, shrinkOrder)

let length =
    Arb.fromGenShrink (Gen.choose (0, 24), fun length -> Seq.ofList [ 0 .. length - 1 ])

let private shrinkPermutation permutation =
    let positions = Permutation.positions permutation

    if positions.Length = 0 then
        Seq.empty
    else
        positions
        |> Array.filter (fun position -> position < positions.Length - 1)
        |> Permutation.create
        |> Seq.singleton

let permutationOf length =
    Gen.shuffle [| 0 .. length - 1 |] |> Gen.map Permutation.create

let permutation =
    Arb.fromGenShrink (Gen.choose (0, 12) >>= permutationOf, shrinkPermutation)

let internal scheduleOf numbers =
    Gen.oneof
        [
            Gen.map SizeSchedule.Constant numbers.Size
            Gen.map2 (fun first ratio -> SizeSchedule.Geometric(first, ratio)) numbers.Size numbers.Ratio
            Gen.map SizeSchedule.Cosine numbers.Size
            Gen.map2 (fun size sizes -> SizeSchedule.Explicit(size :: sizes)) numbers.Size (upTo 3 numbers.Size)
        ]

let schedule = Arb.fromGen (scheduleOf readable)
let anySchedule = Arb.fromGen (scheduleOf any)

let private cutOf numbers =
    Gen.oneof
        [
            Gen.constant Cut.Singletons
            Gen.map Cut.Sized (scheduleOf numbers)
            Gen.constant Cut.Words
            Gen.constant Cut.Sentences
            Gen.map Cut.Spans (upTo 3 numbers.Interval)
            Gen.constant Cut.AllAtOnce
        ]

let internal groupingOf gives numbers =
    let rec grouping depth =
        let cut =
            Gen.map2 (fun order cut -> Grouping.Cut(order, cut)) (orderOf numbers) (cutOf numbers)

        if depth = 0 then
            cut
        else
            let inner = grouping (depth - 1)

            Gen.oneof
                [
                    cut
                    if gives then
                        Gen.map2 (fun regions inner -> Grouping.Given(regions, inner)) (upTo 3 numbers.Interval) inner
                    Gen.map2 (fun first rest -> Grouping.Then(first, rest)) inner inner
                    Gen.map2 (fun left right -> Grouping.Interleave(left, right)) inner inner
                    Gen.map2 (fun factor inner -> Grouping.Coarsen(factor, inner)) numbers.Size inner
                    Gen.map2 (fun within inner -> Grouping.Refine(within, inner)) inner inner
                ]

    grouping 3

let rec internal shrinkGrouping grouping =
    let both make left right =
        Seq.concat
            [
                Seq.ofList [ left; right ]
                shrinkGrouping left |> Seq.map (fun left -> make (left, right))
                shrinkGrouping right |> Seq.map (fun right -> make (left, right))
            ]

    let one make inner =
        Seq.append [ inner ] (shrinkGrouping inner |> Seq.map make)

    match grouping with
    | Grouping.Cut(order, Cut.Singletons) -> shrinkOrder order |> Seq.map Grouping.singletons
    | Grouping.Cut(order, cut) ->
        Seq.append [ Grouping.singletons order ] (shrinkOrder order |> Seq.map (fun order -> Grouping.Cut(order, cut)))
    | Grouping.Given(regions, inner) -> one (fun inner -> Grouping.Given(regions, inner)) inner
    | Grouping.Then(first, rest) -> both Grouping.Then first rest
    | Grouping.Interleave(left, right) -> both Grouping.Interleave left right
    | Grouping.Coarsen(factor, inner) -> one (fun inner -> Grouping.Coarsen(factor, inner)) inner
    | Grouping.Refine(within, inner) -> both Grouping.Refine within inner

let grouping = Arb.fromGenShrink (groupingOf true readable, shrinkGrouping)
let anyGrouping = Arb.fromGenShrink (groupingOf true any, shrinkGrouping)

let private starts length =
    Gen.subListOf [ 0 .. length - 1 ] |> Gen.map (Seq.sort >> Array.ofSeq)

/// Shapes whose evidence may repeat positions, name missing ones and hold empty groups.
let shape =
    let generator =
        gen {
            let! length = Gen.choose (0, 20)
            let! evidence = upTo 3 (upTo 4 (Gen.choose (-2, 22)) |> Gen.map Array.ofList)
            let! words = starts length
            let! sentences = starts length

            return
                {
                    Length = length
                    Evidence = Array.ofList evidence
                    WordStarts = words
                    SentenceStarts = sentences
                }
        }

    let shrink shape =
        Seq.concat
            [
                if shape.Evidence.Length > 0 then
                    Seq.singleton
                        { shape with
                            Evidence = shape.Evidence[1..]
                        }
                if shape.WordStarts.Length + shape.SentenceStarts.Length > 0 then
                    Seq.singleton
                        { shape with
                            WordStarts = [||]
                            SentenceStarts = [||]
                        }
                if shape.Length > 0 then
                    Seq.singleton { shape with Length = shape.Length - 1 }
            ]

    Arb.fromGenShrink (generator, shrink)

/// Two values at once.
let pair (left: Arbitrary<'left>) (right: Arbitrary<'right>) =
    Arb.fromGenShrink (
        Gen.map2 (fun left right -> left, right) left.Generator right.Generator,
        fun (first, second) ->
            Seq.append
                (left.Shrinker first |> Seq.map (fun first -> first, second))
                (right.Shrinker second |> Seq.map (fun second -> first, second))
    )

let seeds = Arb.fromGen (Gen.choose (0, 100000) |> Gen.map Seed.ofInt)
