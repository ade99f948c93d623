module A3.Model.Tests.GroupingLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PartitionGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private read text =
    Grouping.parse text |> Result.defaultWith (fun error -> failtest error.Message)

let private groups shape grouping =
    Grouping.resolve shape grouping
    |> Partition.groups
    |> List.ofArray
    |> List.map List.ofArray

let private example text shape expected =
    test text { Expect.equal (Partition.print (Grouping.resolve shape (read text))) expected text }

let private story =
    { SequenceLayout.ofLength 8 with
        WordStarts = [| 0; 1; 3; 6 |]
        SentenceStarts = [| 0; 3 |]
    }

let private laws =
    [
        property
            "2. every grouping resolves to a valid partition; nothing is predicted twice or left out"
            (pair shape anyGrouping)
        <| fun (shape, grouping) ->
            let groups = groups shape grouping
            Expect.equal (List.sort (List.concat groups)) [ 0 .. shape.Length - 1 ] "each position once"
            Expect.isFalse (List.exists List.isEmpty groups) "no empty group"

        property "2. evidence is exactly the first groups" (pair shape anyGrouping)
        <| fun (shape, grouping) ->
            let partition = Grouping.resolve shape grouping
            let given = SequenceLayout.evidence shape
            let first = Partition.groups partition |> Array.truncate given.Length
            Expect.equal first (given |> Array.map Array.sort) "the evidence of the shape, group by group"
            Expect.isGreaterThanOrEqual (Partition.evidenceGroups partition) given.Length "all of it is evidence"

            if not (Grouping.givesEvidence grouping) then
                Expect.equal (Partition.evidenceGroups partition) given.Length "and nothing else is"

        property
            "a span holds the positions of the first region that they are in"
            (Arb.fromGen (Gen.listOf (Gen.map2 A3.Model.Interval.between (Gen.choose (0, 20)) (Gen.choose (0, 20)))))
        <| fun regions ->
            let first position =
                regions
                |> List.tryFindIndex (fun region -> region.Start <= position && position < region.End)

            let expected =
                [ 0..15 ]
                |> List.groupBy (fun position -> first position |> Option.defaultValue (-1 - position))
                |> List.map snd

            let spans = Grouping.Cut(Order.LeftToRight, Cut.Spans regions)
            Expect.equal (groups (SequenceLayout.ofLength 16) spans) expected "span by span"

        property "given positions are evidence wherever `given` stands" (pair shape (pair grouping grouping))
        <| fun (shape, (left, right)) ->
            let positions = [ 0; 2; 3 ] |> List.filter (fun position -> position < shape.Length)
            let given = Grouping.Given(A3.Model.Interval.ofPositions positions, right)

            for grouping in
                [
                    given
                    Grouping.Then(left, given)
                    Grouping.Refine(given, left)
                    Grouping.Coarsen(2, given)
                ] do
                let partition = Grouping.resolve shape grouping
                Expect.all positions (fun position -> Partition.isEvidence position partition) (Grouping.print grouping)

        property "singletons follow the order" (pair length anyOrder)
        <| fun (length, order) ->
            Expect.equal
                (groups (SequenceLayout.ofLength length) (Grouping.singletons order)
                 |> List.concat)
                (Order.resolve length order |> Permutation.positions |> List.ofArray)
                "positions by step"

        property "coarser and finer: refine g refines g, which refines coarsen g" (pair shape (pair grouping grouping))
        <| fun (shape, (grouping, within)) ->
            let resolve = Grouping.resolve shape
            let coarse = Grouping.Coarsen(3, grouping)
            let fine = Grouping.Refine(within, grouping)
            Expect.isTrue (Partition.refines (resolve grouping) (resolve coarse)) "coarsen"

            if not (Grouping.givesEvidence within) then
                Expect.isTrue (Partition.refines (resolve fine) (resolve grouping)) "refine"

        property "redrawing keeps everything that is not random" (pair shape grouping)
        <| fun (shape, grouping) ->
            let redrawn = Grouping.reseed (Seed.ofInt 5) grouping
            Expect.equal redrawn (Grouping.reseed (Seed.ofInt 5) grouping) "pure"

            if not ((Grouping.print grouping).Contains "random") then
                Expect.equal (groups shape redrawn) (groups shape grouping) "nothing to redraw"

        property "sizes are positive and sum to the number of positions" (pair length anySchedule)
        <| fun (length, schedule) ->
            let sizes = SizeSchedule.sizes length schedule
            Expect.equal (Array.sum sizes) length "sum"
            Expect.all sizes (fun size -> size > 0) "positive"
    ]

/// Time that grows with the number of positions is milliseconds at this length; time that grows with its square is half a minute.
let private growth =
    let most = 65536

    [
        for text in
            [
                "left-to-right | interleave (right-to-left)"
                "random 7 | chunks 4 | interleave (bisect | interleave (right-to-left | chunks 3))"
                "right-to-left | spans "
                + System.String.Join(" ", Seq.init 3000 (fun first -> $"{first}..{most - 1}"))
            ] do
            test $"{text.Substring(0, 24)}... resolves in time that grows with the number of positions" {
                let clock = System.Diagnostics.Stopwatch.StartNew()
                read text |> Grouping.resolve (SequenceLayout.ofLength most) |> ignore
                Expect.isLessThan clock.Elapsed.TotalSeconds 5.0 "seconds"
            }
    ]

let private refinement =
    let three = Gen.choose (0, 5) >>= (partitionOf >> Gen.three)

    [
        property "refinement is reflexive, with singletons at the bottom and one group at the top" partition
        <| fun partition ->
            let length = Partition.length partition
            Expect.isTrue (Partition.refines partition partition) "reflexive"

            if length > 0 then
                Expect.isTrue (Partition.refines partition (Partition.create 0 [| [| 0 .. length - 1 |] |])) "top"

            let bottom =
                Partition.groups partition
                |> Array.concat
                |> Array.map Array.singleton
                |> Partition.create 0

            Expect.isTrue (Partition.refines bottom partition) "bottom"

        property "refinement is antisymmetric" (Arb.fromGen three)
        <| fun (p, q, _) ->
            if Partition.refines p q && Partition.refines q p then
                Expect.equal (Partition.groups p) (Partition.groups q) "the same groups"

        property "refinement is transitive" (Arb.fromGen three)
        <| fun (p, q, r) ->
            if Partition.refines p q && Partition.refines q r then
                Expect.isTrue (Partition.refines p r) "p refines r"

        test "refinement is a partial order on all 13 ordered partitions of 3 positions" {
            let all = allPartitions 3

            for p, q in List.allPairs all all do
                Expect.isFalse (p <> q && Partition.refines p q && Partition.refines q p) "antisymmetric"

                for r in all do
                    Expect.isFalse
                        (Partition.refines p q && Partition.refines q r && not (Partition.refines p r))
                        "transitive"

            Expect.equal (List.length all) 13 "count"
        }

        test "partitions of different lengths do not refine each other" {
            let single = Partition.create 0 [| [| 0 |] |]
            let two = Partition.create 0 [| [| 0; 1 |] |]
            Expect.isFalse (Partition.refines single two || Partition.refines two single) "lengths 1 and 2"
        }
    ]

let private examples =
    let eight = SequenceLayout.ofLength 8
    let given = SequenceLayout.ofLength 8 |> SequenceLayout.given [ 0; 1; 7 ]
    let causal = SequenceLayout.ofLength 8 |> SequenceLayout.givenCausally [ 1; 0 ]

    [
        example "left-to-right | chunks 3" eight "0..2 / 3..5 / 6..7"
        example "bisect | singletons" eight "3 / 1 / 5 / 0 / 2 / 4 / 6 / 7"
        example "left-to-right | sizes 1 2 4" eight "0 / 1..2 / 3..6 / 7"
        example "left-to-right | geometric 1 2" eight "0 / 1..2 / 3..6 / 7"
        example "left-to-right | cosine 4" eight "0 / 1..2 / 3..4 / 5..7"
        example "all-at-once" eight "0..7"
        example "right-to-left | words" story "6..7 / 3..5 / 1..2 / 0"
        example "right-to-left | sentences" story "3..7 / 0..2"
        example "right-to-left | words | coarsen 2" story "3..7 / 0..2"
        example "right-to-left | spans 2..3 5..6" eight "7 / 5..6 / 4 / 2..3 / 1 / 0"
        example "words | refine (right-to-left)" story "0 / 2 / 1 / 5 / 4 / 3 / 7 / 6"
        example "left-to-right | chunks 2 | interleave (right-to-left | chunks 2)" eight "0..1 / 6..7 / 2..3 / 4..5"
        example "explicit 5 6 | chunks 2 | then (bisect | chunks 3)" eight "5..6 / 0 2 4 / 1 3 7"
        example "given 0..3 6 | right-to-left | chunks 2" eight "given 0..3 6 / 5 7 / 4"
        example "right-to-left | chunks 2" given "given 0..1 7 / 5..6 / 3..4 / 2"
        example "given 3 | chunks 2" causal "given 0 / given 1 / given 3 / 2 4 / 5..6 / 7"
        example "words" eight "0 / 1 / 2 / 3 / 4 / 5 / 6 / 7"
    ]

let tests =
    testList
        "groupings"
        [
            testList "laws" laws
            testList "growth" growth
            testList "refinement" refinement
            testList "examples" examples
        ]
