module A3.Model.Tests.EvidenceModelLaws

open A3.Model
open A3.Model.Tests.CurriculumSamples
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto

let private contexts =
    [
        test "gaps have context on both sides, and as many and as long as asked" {
            for partition in sample "gaps 2..3 of 4..6 bidirectional | all-at-once" 0.0 60 do
                let gaps =
                    Partition.targets partition |> Array.concat |> A3.Model.Interval.ofPositions

                Expect.isTrue (List.length gaps = 2 || List.length gaps = 3) (Partition.print partition)

                for gap in gaps do
                    let length = gap.End - gap.Start
                    Expect.isTrue (length >= 4 && length <= 6) (Partition.print partition)
                    Expect.isTrue (gap.Start > 1 && gap.End <= 59) (Partition.print partition)

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

        test "gaps of sentences hide whole sentences, as many as asked, and keep the others" {
            for drawing in sampleOf "gaps 1..2 sentences bidirectional | all-at-once" 0.0 (inSentences 21) do
                let targets = targetsOf drawing.Partition

                let hidden =
                    targets |> Array.map (fun position -> (position - 1) / 5) |> Array.distinct

                Expect.equal targets.Length (5 * hidden.Length) (Partition.print drawing.Partition)
                Expect.isTrue (hidden.Length = 1 || hidden.Length = 2) (Partition.print drawing.Partition)
        }

        test "kept sentences are the only context" {
            for drawing in sampleOf "keep 2 sentences causal | bisect" 0.0 (inSentences 21) do
                let context = Partition.evidence drawing.Partition |> Array.except [ 0 ]

                let kept =
                    context |> Array.map (fun position -> (position - 1) / 5) |> Array.distinct

                Expect.equal (context.Length, kept.Length) (10, 2) (Partition.print drawing.Partition)
        }

        test "where one sentence is open it stays open, kept or hidden" {
            for text in
                [
                    "keep 1 sentences causal | bisect"
                    "gaps 1 sentences bidirectional | bisect"
                ] do
                for drawing in sampleOf text 0.0 (inSentences 6) do
                    Expect.equal (targetsOf drawing.Partition) [| 1..5 |] text
        }

        test "kept runs are as many and as long as asked, and reach both ends" {
            let kept =
                sample "keep 2 of 3..5 bidirectional | bisect" 0.0 40
                |> List.map (fun partition ->
                    Partition.evidence partition
                    |> Array.except [ 0 ]
                    |> A3.Model.Interval.ofPositions)

            for regions in kept do
                Expect.equal regions.Length 2 "runs"

                for region in regions do
                    Expect.isTrue (region.End - region.Start |> fun length -> 3 <= length && length <= 5) "length"

            Expect.exists kept (fun regions -> regions.Head.Start = 1) "the first position"
            Expect.exists kept (fun regions -> (List.last regions).End = 40) "the last position"
        }

        test "boundaries are BOS and the last position" {
            for partition in sample "boundaries bidirectional | random" 0.0 9 do
                Expect.equal (Partition.group 0 partition) [| 0; 8 |] "given"
                Expect.equal (targetsOf partition) [| 1..7 |] "open"
        }

        test "scattered context leaves 1 to all positions open, each number equally often" {
            let counts =
                List.init 3000 (fun row ->
                    partitionOf Curriculum.maskedDiffusion (Seed.ofInt row) 0.5 (SequenceLayout.ofLength 6)
                    |> targetsOf
                    |> Array.length)
                |> List.countBy id
                |> List.sort

            Expect.equal (List.map fst counts) [ 1..5 ] "numbers of masked positions"

            for masked, count in counts do
                Expect.isLessThan (abs (count - 600)) 100 $"{masked} masked"
        }

        test "the weight of a draw goes linearly from the start of the stage to its end" {
            let share progress =
                sample "3 to 0 * (left-to-right | all-at-once) + 1 * bisect" progress 9
                |> List.filter (fun partition -> Partition.groupCount partition = 2)
                |> List.length
                |> fun count -> float count / 200.0

            for progress, expected in [ 0.0, 0.75; 0.5, 0.6; 1.0, 0.0 ] do
                Expect.isLessThan (abs (share progress - expected)) 0.1 $"at {progress}"
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

let tests = testList "contexts" contexts
