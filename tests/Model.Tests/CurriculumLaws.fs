module A3.Model.Tests.CurriculumLaws

open A3.Model
open A3.Model.Tests.CurriculumSamples
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto

let private laws =
    [
        property "draws are pure: the same seed, progress and shape give the same partition" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            let draw curriculum =
                TrainingSchedule.sample (TrainingSchedule.fit plan curriculum) seed progress shape

            Expect.equal
                (draw (read (Curriculum.print curriculum)))
                (draw curriculum)
                "drawn again, from the text of the curriculum"

        property "every draw is a partition of the sequence with BOS as evidence" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            let partition = partitionOf curriculum seed progress shape
            Expect.equal (Partition.length partition) shape.Length "length"

            for position in Seq.append [ 0 ] (Seq.concat (SequenceLayout.evidence shape)) do
                if position < shape.Length then
                    Expect.isTrue (Partition.isEvidence position partition) $"position {position}"

        property "at least one position is a target when the length is 2 or more" (draws lengths)
        <| fun ((curriculum, seed, progress), length) ->
            let partition =
                partitionOf curriculum seed progress (SequenceLayout.ofLength length)

            Expect.equal ((Partition.targets partition).Length > 0) (length >= 2) (Partition.print partition)

        property "under a weighting by 1/t the weights of the targets sum to the open positions" (draws lengths)
        <| fun ((curriculum, seed, progress), length) ->
            let inverse (stage: Stage) =
                { stage with
                    Mixture =
                        stage.Mixture
                        |> List.map (fun draw ->
                            { draw with
                                Weighting = Weighting.InverseShare
                            })
                }

            let curriculum =
                Curriculum.stages curriculum |> List.map inverse |> Curriculum.create

            let drawing =
                TrainingSchedule.sample
                    (TrainingSchedule.fit plan curriculum)
                    seed
                    progress
                    (SequenceLayout.ofLength length)

            let targets = (targetsOf drawing.Partition).Length

            Expect.floatClose
                Accuracy.medium
                (drawing.TargetWeight * float targets)
                (float (max 0 (length - 1)))
                (Partition.print drawing.Partition)

        property "the stages of a course fill the run, and each is found where it lies" curriculum
        <| fun curriculum ->
            let course = TrainingSchedule.fit plan curriculum
            let mutable before = 0.0

            for share, stage in TrainingSchedule.stages course do
                let found, within = TrainingSchedule.stageAt (before + share / 2.0) course
                Expect.equal found stage "in the middle of a stage"
                Expect.floatClose Accuracy.low within 0.5 "half of it is done"
                before <- before + share

            Expect.floatClose Accuracy.high before 1.0 "the whole run"
    ]

let private builtIns =
    [
        test "ar is singletons left to right after BOS" {
            let expected = Partition.create 1 (Array.init 5 Array.singleton)
            Expect.equal (partitionOf Curriculum.ar (Seed.ofInt 1) 0.4 (SequenceLayout.ofLength 5)) expected "ar"
        }

        test "paper goes from singletons over contiguous groups to permuted groups of 4, then 8" {
            let first progress =
                let partition =
                    partitionOf Curriculum.paper (Seed.ofInt 1) progress (SequenceLayout.ofLength 40)

                let group = partition |> Partition.targets |> Array.head
                group.Length, Array.last group - group[0] = group.Length - 1

            Expect.equal (first 0.1) (1, true) "AR initialisation"
            Expect.equal (first 0.21) (1, true) "expansion starts at 1"
            Expect.equal (first 0.49) (4, true) "and ends at 4"
            Expect.equal (first 0.6) (4, false) "permutation, sizes of 4"
            Expect.equal (first 0.9) (8, false) "permutation, sizes of 8"
        }

        test "masked diffusion, averaged over its draws, is the mean over all orders of -log p" {
            // Any conditional oracle will do: the surprisal of a position given the set of those known.
            let surprisal position (known: int Set) =
                float (1 + position) * 0.3
                + float (Set.count known) * 0.7
                + float (Seq.sum known % 3)

            let rec orders left =
                match left with
                | [] -> [ [] ]
                | _ ->
                    [
                        for first in left do
                            for others in orders (List.except [ first ] left) -> first :: others
                    ]

            let alongOrder order =
                order
                |> List.mapFold
                    (fun known position -> surprisal position known, Set.add position known)
                    (Set.singleton 0)
                |> fst
                |> List.sum

            let course = TrainingSchedule.fit plan Curriculum.maskedDiffusion

            let estimate row =
                let drawing =
                    TrainingSchedule.sample course (Seed.ofInt row) 0.5 (SequenceLayout.ofLength 5)

                let known = Partition.evidence drawing.Partition |> Set.ofArray

                targetsOf drawing.Partition
                |> Array.sumBy (fun position -> drawing.TargetWeight * surprisal position known)

            Expect.isLessThan
                (abs (
                    (Seq.init 20000 estimate |> Seq.average)
                    - (orders [ 1..4 ] |> List.averageBy alongOrder)
                ))
                0.1
                "the bound"
        }

        test "what was drawn once is drawn for ever: runs resume, and a card says what a model was trained on" {
            let drawn curriculum =
                let course = TrainingSchedule.fit plan curriculum

                Seq.init 1000 (fun row ->
                    let shape = SequenceLayout.ofLength (2 + row % 120)

                    (TrainingSchedule.sample course (Seed.ofInt row) (float (row % 100) / 100.0) shape).Partition
                    |> Partition.print)
                |> String.concat "\n"
                |> System.Text.Encoding.UTF8.GetBytes
                |> System.Security.Cryptography.SHA256.HashData
                |> System.Convert.ToHexString

            for name, expected in
                [
                    "ar", "3B0588AAC21DF210"
                    "paper", "7F70D9FDAD5A5BB7"
                    "direct", "39D43E97900B7BCE"
                    "infill", "51E47B6E220E9FD5"
                    "adapt", "DD9DA9DD0979A4BA"
                ] do
                Expect.stringStarts (drawn (read name)) expected name
        }

        test "infill draws each of its components about as often as its weight says" {
            let stage = Curriculum.stages Curriculum.infill |> List.last
            let total = stage.Mixture |> List.sumBy _.Weight.From

            let partitions =
                List.init 3000 (fun row ->
                    partitionOf Curriculum.infill (Seed.ofInt row) 0.5 (SequenceLayout.ofLength 64))

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

let tests =
    testList "curricula" [ testList "laws" laws; testList "built in" builtIns ]
