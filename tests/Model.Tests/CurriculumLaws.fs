module A3.Model.Tests.CurriculumLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private progresses =
    Gen.elements [ 0.0; 0.2; 0.5; 0.999; 1.0; -3.0; 7.0; nan; infinity ]

let private draws shapes =
    let case =
        Gen.map3
            (fun (curriculum: Curriculum) seed progress -> curriculum, seed, progress)
            curriculum.Generator
            seeds.Generator
            progresses

    pair
        (Arb.fromGenShrink (
            case,
            fun (curriculum, seed, progress) ->
                PlanGenerators.curriculum.Shrinker curriculum
                |> Seq.map (fun curriculum -> curriculum, seed, progress)
        ))
        shapes

let private lengths =
    Arb.fromGenShrink (
        Gen.choose (0, 60),
        fun length ->
            Seq.ofList [ length / 2; length - 1 ]
            |> Seq.filter (fun shorter -> shorter >= 0 && shorter < length)
    )

let private read text =
    Curriculum.parse text
    |> Result.defaultWith (fun error -> failtest error.Message)

/// Many draws of one text over one length.
let private sample text progress length =
    let curriculum = read text

    List.init 200 (fun row -> Curriculum.draw curriculum (Seed.ofInt row) progress (Shape.ofLength length))

let private laws =
    [
        property "draws are pure: the same seed, progress and shape give the same partition" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            Expect.equal
                (Curriculum.draw (read (Curriculum.print curriculum)) seed progress shape)
                (Curriculum.draw curriculum seed progress shape)
                "drawn again, from the text of the curriculum"

        property "every draw is a partition of the sequence with BOS as evidence" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            let partition = Curriculum.draw curriculum seed progress shape
            Expect.equal (Partition.length partition) shape.Length "length"

            for position in Seq.append [ 0 ] (Seq.concat (Shape.evidence shape)) do
                if position < shape.Length then
                    Expect.isTrue (Partition.isEvidence position partition) $"position {position}"

        property "at least one position is a target when the length is 2 or more" (draws lengths)
        <| fun ((curriculum, seed, progress), length) ->
            let partition = Curriculum.draw curriculum seed progress (Shape.ofLength length)
            Expect.equal ((Partition.targets partition).Length > 0) (length >= 2) (Partition.print partition)

        property "the stage is the one whose share of the run holds the progress" curriculum
        <| fun curriculum ->
            let mutable before = 0.0

            for stage in Curriculum.stages curriculum do
                let found, within = Curriculum.stageAt (before + stage.Share / 2.0) curriculum
                Expect.equal found stage "in the middle of a stage"
                Expect.floatClose Accuracy.medium within 0.5 "half of it is done"
                before <- before + stage.Share
    ]

let private contexts =
    [
        test "gaps have context on both sides, and as many and as long as asked" {
            for partition in sample "gaps 2..3 of 4..6 bidirectional | all-at-once" 0.0 60 do
                let gaps = Partition.targets partition |> Array.concat |> Region.ofPositions
                Expect.isTrue (List.length gaps = 2 || List.length gaps = 3) (Partition.print partition)

                for gap in gaps do
                    let length = gap.Last - gap.First + 1
                    Expect.isTrue (length >= 4 && length <= 6) (Partition.print partition)
                    Expect.isTrue (gap.First > 1 && gap.Last < 59) (Partition.print partition)

                Expect.equal (Partition.evidenceGroups partition) 1 "BOS and context see each other"
        }

        test "gaps reach every position between BOS with one neighbour and the last" {
            let reached =
                sample "gaps 1 of 1..4 causal | bisect" 0.0 12
                |> List.collect (Partition.targets >> Array.concat >> List.ofArray)
                |> List.distinct
                |> List.sort

            Expect.equal reached [ 2..10 ] "positions in some gap"
        }

        test "causal context is given as singletons left to right" {
            for partition in sample "prefix causal | random | chunks 3" 0.0 20 do
                let evidence = Partition.evidenceGroups partition
                let groups = Partition.groups partition |> Array.truncate evidence
                Expect.equal groups (Array.init evidence Array.singleton) (Partition.print partition)
        }

        test "predicted context comes before the gaps, as singletons left to right, and is a target" {
            for partition in sample "gaps 1..2 of 3..5 predicted | random | chunks 5" 0.0 30 do
                Expect.equal (Partition.evidence partition) [| 0 |] "only BOS is given"
                let targets = Partition.targets partition

                let context =
                    targets |> Array.takeWhile (fun group -> group.Length = 1) |> Array.concat

                let gaps = targets |> Array.concat |> Array.except context |> Array.sort
                Expect.equal context (Array.sort context) "left to right"
                Expect.isTrue (gaps.Length >= 3 && gaps.Length <= 10) (Partition.print partition)
                Expect.isTrue (Array.last context > Array.last gaps) "context behind the gaps precedes them"
        }

        test "a prefix has every length from 1 to all but one" {
            let lengths =
                sample "prefix bidirectional | bisect" 0.0 6
                |> List.map (fun partition -> (Partition.evidence partition).Length - 1)
                |> List.distinct
                |> List.sort

            Expect.equal lengths [ 1; 2; 3; 4 ] "context positions besides BOS"
        }

        test "an expansion grows through its sizes, each for an equal part of the stage" {
            let size progress =
                sample "left-to-right | expand 1 4" progress 30
                |> List.map (fun partition -> partition |> Partition.targets |> Array.head |> Array.length)
                |> List.distinct

            Expect.equal
                ([ 0.0; 0.2; 0.26; 0.49; 0.51; 0.74; 0.76; 1.0 ] |> List.collect size)
                [ 1; 1; 2; 2; 3; 3; 4; 4 ]
                "size by progress"
        }

        test "random orders are redrawn for every sequence" {
            let distinct = sample "random 7 | chunks 4" 0.0 30 |> List.distinct
            Expect.isGreaterThan distinct.Length 190 "of 200"
        }
    ]

let private builtIns =
    [
        test "ar is singletons left to right after BOS" {
            let expected = Partition.create 1 (Array.init 5 Array.singleton)
            Expect.equal (Curriculum.draw Curriculum.ar (Seed.ofInt 1) 0.4 (Shape.ofLength 5)) expected "ar"
        }

        test "paper goes from singletons over contiguous groups to permuted groups of 4, then 8" {
            let first progress =
                let partition =
                    Curriculum.draw Curriculum.paper (Seed.ofInt 1) progress (Shape.ofLength 40)

                let group = partition |> Partition.targets |> Array.head
                group.Length, Array.last group - group[0] = group.Length - 1

            Expect.equal (first 0.1) (1, true) "AR initialisation"
            Expect.equal (first 0.21) (1, true) "expansion starts at 1"
            Expect.equal (first 0.49) (4, true) "and ends at 4"
            Expect.equal (first 0.6) (4, false) "permutation, sizes of 4"
            Expect.equal (first 0.9) (8, false) "permutation, sizes of 8"
        }

        test "infill draws each of its components about as often as its weight says" {
            let stage, _ = Curriculum.stageAt 0.5 Curriculum.infill
            let total = stage.Mixture |> List.sumBy _.Weight

            let partitions =
                List.init 3000 (fun row -> Curriculum.draw Curriculum.infill (Seed.ofInt row) 0.5 (Shape.ofLength 64))

            let ordinary = Partition.create 1 (Array.init 64 Array.singleton)

            let share =
                partitions
                |> List.filter (fun partition -> partition = ordinary)
                |> List.length
                |> fun count -> float count / 3000.0

            Expect.isLessThan (abs (share - 6.0 / total)) 0.03 "left to right"

            let given =
                partitions
                |> List.filter (fun partition -> (Partition.evidence partition).Length > 1)
                |> List.length
                |> fun count -> float count / 3000.0

            Expect.isLessThan (abs (given - 9.0 / total)) 0.03 "given context"
        }
    ]

let private validity =
    let draw =
        {
            Weight = 1.0
            Context = Context.Start
            Recipe = Recipe.Expand(Order.LeftToRight, 1, 4)
        }

    let stage = { Share = 1.0; Mixture = [ draw ] }

    let refused name stages expected =
        test $"refused: {name}" {
            match Curriculum.tryCreate stages with
            | Ok curriculum -> failtest $"accepted {Curriculum.print curriculum}"
            | Error error -> Expect.equal error.Message expected name
        }

    [
        refused "no stages" [] "the curriculum has no stages; it needs at least one."
        refused
            "shares that do not sum to 1"
            [ { stage with Share = 0.5 } ]
            "the shares of the stages sum to 0.5; they must sum to 1."
        refused
            "a share that is not a number"
            [ { stage with Share = nan } ]
            "stage 0 has share NaN; a share is above 0 and at most 1."
        refused "no draws" [ { stage with Mixture = [] } ] "stage 0 has no draws; it needs at least one."
        refused
            "a weight of 0"
            [
                { stage with
                    Mixture = [ { draw with Weight = 0.0 } ]
                }
            ]
            "stage 0, draw 0: weight 0; a weight is a finite number above 0."
        refused
            "an expansion that shrinks"
            [
                { stage with
                    Mixture =
                        [
                            { draw with
                                Recipe = Recipe.Expand(Order.Bisect, 4, 1)
                            }
                        ]
                }
            ]
            "stage 0, draw 0: expand 4..1; both ends are at least 1, and the first is not above the last."
        test "shares may miss 1 by rounding" {
            let third = { stage with Share = 1.0 / 3.0 }
            Expect.isOk (Curriculum.tryCreate [ third; third; third ]) "three thirds"
        }
    ]

let tests =
    testList
        "curricula"
        [
            testList "laws" laws
            testList "contexts" contexts
            testList "built in" builtIns
            testList "validity" validity
        ]
