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

/// The partition that a curriculum draws in a run that it fits.
let private partitionOf curriculum seed progress shape =
    (Course.draw (Course.fit plan curriculum) seed progress shape).Partition

/// Many draws of one text over one shape.
let private sampleOf text progress shape =
    let course = read text |> Course.fit plan

    List.init 200 (fun row -> Course.draw course (Seed.ofInt row) progress shape)

let private sample text progress length =
    sampleOf text progress (Shape.ofLength length) |> List.map _.Partition

/// Sentences of 5 positions behind BOS.
let private inSentences length =
    { Shape.ofLength length with
        SentenceStarts = [| 0; yield! [| 1..5 .. length - 1 |] |]
    }

let private targetsOf partition =
    Partition.targets partition |> Array.concat |> Array.sort

let private laws =
    [
        property "draws are pure: the same seed, progress and shape give the same partition" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            let draw curriculum =
                Course.draw (Course.fit plan curriculum) seed progress shape

            Expect.equal
                (draw (read (Curriculum.print curriculum)))
                (draw curriculum)
                "drawn again, from the text of the curriculum"

        property "every draw is a partition of the sequence with BOS as evidence" (draws shape)
        <| fun ((curriculum, seed, progress), shape) ->
            let partition = partitionOf curriculum seed progress shape
            Expect.equal (Partition.length partition) shape.Length "length"

            for position in Seq.append [ 0 ] (Seq.concat (Shape.evidence shape)) do
                if position < shape.Length then
                    Expect.isTrue (Partition.isEvidence position partition) $"position {position}"

        property "at least one position is a target when the length is 2 or more" (draws lengths)
        <| fun ((curriculum, seed, progress), length) ->
            let partition = partitionOf curriculum seed progress (Shape.ofLength length)
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
                Course.draw (Course.fit plan curriculum) seed progress (Shape.ofLength length)

            let targets = (targetsOf drawing.Partition).Length

            Expect.floatClose
                Accuracy.medium
                (drawing.TargetWeight * float targets)
                (float (max 0 (length - 1)))
                (Partition.print drawing.Partition)

        property "the stages of a course fill the run, and each is found where it lies" curriculum
        <| fun curriculum ->
            let course = Course.fit plan curriculum
            let mutable before = 0.0

            for share, stage in Course.stages course do
                let found, within = Course.stageAt (before + share / 2.0) course
                Expect.equal found stage "in the middle of a stage"
                Expect.floatClose Accuracy.low within 0.5 "half of it is done"
                before <- before + share

            Expect.floatClose Accuracy.high before 1.0 "the whole run"
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
                |> List.map (fun partition -> Partition.evidence partition |> Array.except [ 0 ] |> Region.ofPositions)

            for regions in kept do
                Expect.equal regions.Length 2 "runs"

                for region in regions do
                    Expect.isTrue (region.Last - region.First + 1 |> fun length -> 3 <= length && length <= 5) "length"

            Expect.exists kept (fun regions -> regions.Head.First = 1) "the first position"
            Expect.exists kept (fun regions -> (List.last regions).Last = 39) "the last position"
        }

        test "boundaries are BOS and the last position" {
            for partition in sample "boundaries bidirectional | random" 0.0 9 do
                Expect.equal (Partition.group 0 partition) [| 0; 8 |] "given"
                Expect.equal (targetsOf partition) [| 1..7 |] "open"
        }

        test "scattered context leaves 1 to all positions open, each number equally often" {
            let counts =
                List.init 3000 (fun row ->
                    partitionOf Curriculum.maskedDiffusion (Seed.ofInt row) 0.5 (Shape.ofLength 6)
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

let private builtIns =
    [
        test "ar is singletons left to right after BOS" {
            let expected = Partition.create 1 (Array.init 5 Array.singleton)
            Expect.equal (partitionOf Curriculum.ar (Seed.ofInt 1) 0.4 (Shape.ofLength 5)) expected "ar"
        }

        test "paper goes from singletons over contiguous groups to permuted groups of 4, then 8" {
            let first progress =
                let partition =
                    partitionOf Curriculum.paper (Seed.ofInt 1) progress (Shape.ofLength 40)

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

            let course = Course.fit plan Curriculum.maskedDiffusion

            let estimate row =
                let drawing = Course.draw course (Seed.ofInt row) 0.5 (Shape.ofLength 5)
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
                let course = Course.fit plan curriculum

                Seq.init 1000 (fun row ->
                    let shape = Shape.ofLength (2 + row % 120)

                    (Course.draw course (Seed.ofInt row) (float (row % 100) / 100.0) shape).Partition
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
                ] do
                Expect.stringStarts (drawn (read name)) expected name
        }

        test "infill draws each of its components about as often as its weight says" {
            let stage = Curriculum.stages Curriculum.infill |> List.last
            let total = stage.Mixture |> List.sumBy _.Weight.Start

            let partitions =
                List.init 3000 (fun row -> partitionOf Curriculum.infill (Seed.ofInt row) 0.5 (Shape.ofLength 64))

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

let private draw =
    Draw.create 1.0 Context.Start (Recipe.Expand(Order.LeftToRight, 1, 4))

let private stage =
    {
        Duration = Duration.Share 1.0
        Losses = Stage.ordinary
        Mixture = [ draw ]
    }

let private lasting duration = { stage with Duration = duration }

let private validity =
    let refused name stages expected =
        test $"refused: {name}" {
            match Curriculum.tryCreate stages with
            | Ok curriculum -> failtest $"accepted {Curriculum.print curriculum}"
            | Error error -> Expect.equal error.Message expected name
        }

    let refusedDraw name draw expected =
        refused name [ { stage with Mixture = [ draw ] } ] expected

    [
        refused "no stages" [] "the curriculum has no stages; it needs at least one."
        refused
            "shares that do not sum to 1"
            [ lasting (Duration.Share 0.5) ]
            "the shares of the stages sum to 0.5; they must sum to 1."
        refused
            "a share that is not a number"
            [ lasting (Duration.Share nan) ]
            "stage 0: share NaN; a share is above 0 and at most 1."
        refused "no steps" [ stage; lasting (Duration.Steps 0L) ] "stage 1: 0 steps or tokens; a stage has at least 1."
        refused
            "steps without a stage that takes the rest"
            [ lasting (Duration.Steps 5L) ]
            "stages in steps or tokens leave the end of the run open; one stage must be `stage rest`."
        refused
            "two stages that take the rest"
            [ lasting Duration.Rest; lasting (Duration.Tokens 9L); lasting Duration.Rest ]
            "stages 0 and 2 both take the rest of the run; one stage may."
        refused
            "no rest to take"
            [ stage; lasting Duration.Rest ]
            "the shares of the stages sum to 1; beside `stage rest` they must sum to less than 1."
        refused "no draws" [ { stage with Mixture = [] } ] "stage 0: no draws; a stage needs at least one."
        refused
            "a loss of negative weight"
            [
                { stage with
                    Losses = { Query = 1.0; Content = Some -1.0 }
                }
            ]
            "stage 0: content -1; the weight of a stream's loss is a finite number of at least 0."
        refused
            "no loss at all"
            [
                { stage with
                    Losses = { Query = 0.0; Content = None }
                }
            ]
            "stage 0: no loss: query 0 needs content above 0."
        refused
            "weights that end at 0 together"
            [
                { stage with
                    Mixture =
                        [
                            { draw with
                                Weight = { Start = 1.0; End = 0.0 }
                            }
                        ]
                }
            ]
            "stage 0: all draws start or all end at weight 0; at any moment one must be above 0."
        refusedDraw
            "a weight of 0"
            (Draw.create 0.0 Context.Start draw.Recipe)
            "stage 0: draw 0: weight 0; a weight is a finite number above 0."
        refusedDraw
            "a weight that falls below 0"
            { draw with
                Weight = { Start = 1.0; End = -1.0 }
            }
            "stage 0: draw 0: weight 1 to -1; both ends are finite numbers of at least 0, and one is above 0."
        refusedDraw
            "an expansion that shrinks"
            (Draw.create 1.0 Context.Start (Recipe.Expand(Order.Bisect, 4, 1)))
            "stage 0: draw 0: expand 4..1; both ends are at least 1, and the first is not above the last."
        test "shares may miss 1 by rounding" {
            let third = lasting (Duration.Share(1.0 / 3.0))
            Expect.isOk (Curriculum.tryCreate [ third; third; third ]) "three thirds"
        }
    ]

let private courses =
    let plan =
        {
            Tokens = 1000L
            TokensPerStep = 20.0
            Context = 64
        }

    let misfit name text expected =
        test $"does not fit: {name}" {
            match Course.tryFit plan (read text) with
            | Ok _ -> failtest $"{text} fits"
            | Error error -> Expect.equal error.Message expected name
        }

    [
        test "steps and tokens are counted by the plan, and one stage takes the rest" {
            let shares =
                read "stage 5 steps: bisect; stage rest: random; stage 300 tokens: bisect; stage 0.25: bisect"
                |> Course.fit plan
                |> Course.stages
                |> List.map fst

            Expect.sequenceEqual
                (shares |> List.map (fun share -> System.Math.Round(share, 9)))
                [ 0.1; 0.35; 0.3; 0.25 ]
                "shares"
        }

        misfit
            "stages longer than the run"
            "stage 50 steps: bisect; stage 500 tokens: bisect; stage rest: random"
            "the stages beside `stage rest` last 1.5 times the run's 1000 tokens; they must end before it does: shorten them, or train for longer."
        misfit
            "stages as long as the run"
            "stage 1000 tokens: bisect; stage rest: random"
            "the stages beside `stage rest` last 1 times the run's 1000 tokens; they must end before it does: shorten them, or train for longer."
        misfit
            "groups larger than the context"
            "stage 0.5: bisect; stage 0.5: random | chunks 4 + words | coarsen 65"
            "stage 1, draw 1: groups of 65, but the context holds 64 positions; use smaller groups or a longer context."
        misfit
            "an expansion beyond the context"
            "left-to-right | expand 1 65"
            "stage 0, draw 0: groups of 65, but the context holds 64 positions; use smaller groups or a longer context."
        misfit
            "gaps larger than the context"
            "gaps 2..3 of 32..40 causal | bisect"
            "stage 0, draw 0: its context needs runs of at least 64 positions in all, but the context of the model holds 64; use shorter runs or a longer context."

        test "the built-in curricula fit" {
            for name, curriculum in Curriculum.builtIn do
                Expect.isOk (Course.tryFit plan curriculum) name
        }

        test "groups as large as the context fit" {
            Expect.isOk (Course.tryFit plan (read "random | chunks 64")) "64 of 64"
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
            testList "courses" courses
        ]
