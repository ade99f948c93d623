module A3.Model.Tests.RedundancyLaws

open A3.Model
open A3.Model.Tests.CurriculumSamples
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private grouping text =
    match Grouping.parse text with
    | Ok grouping -> grouping
    | Error error -> failtest error.Message

let private policy text =
    match Policy.parse text with
    | Ok policy -> policy
    | Error error -> failtest error.Message

let private parts redundancies =
    redundancies
    |> List.map (fun redundancy -> redundancy.Part, redundancy.IsIgnored)

let private ignored part = part, true
let private neutral part = part, false

/// What is redundant in a text.
let private found =
    [
        "strided 3 then outside-in", [ ignored "then outside-in" ]
        "bisect then bisect then random", [ ignored "then random" ]
        "within 0..3 bisect then left-to-right", [ neutral "then left-to-right" ]
        "explicit then bisect", [ neutral "explicit" ]
        "explicit 3 5 3", [ neutral "3" ]
        "compose left-to-right bisect", [ neutral "left-to-right" ]
        "compose bisect left-to-right", [ neutral "left-to-right" ]
        "blockwise 1 bisect", [ neutral "blockwise 1 bisect"; ignored "bisect" ]
        "blockwise 4 left-to-right", [ neutral "blockwise 4 left-to-right"; neutral "blockwise 4" ]
        "reverse (reverse bisect)", []
        "strided 1", [ neutral "strided 1" ]
        "staggered 1", [ neutral "staggered 1" ]
        "inside-out 0", [ neutral "inside-out 0" ]
        "within 100000..200000 bisect then (strided 50000)", []
        "strided 50000 then (within 100000..200000 bisect)", [ ignored "then within 100000..200000 bisect" ]
        "bisect | all-at-once", [ ignored "bisect" ]
        "all-at-once", []
        "bisect | all-at-once | coarsen 3", [ ignored "coarsen 3"; ignored "bisect" ]
        "bisect | chunks 1", []
        "bisect | geometric 3 1", [ neutral "1" ]
        "bisect | geometric 1 0.5", [ neutral "geometric 1 0.5"; neutral "0.5" ]
        "bisect | sizes 2 3 3", [ neutral "3" ]
        "bisect | spans", [ neutral "spans" ]
        "bisect | spans 0..5 2..3", [ neutral "2..3" ]
        "bisect | coarsen 1", [ neutral "coarsen 1" ]
        "bisect | chunks 2000000000", []
        "bisect | chunks 5000", []
        "bisect | refine (random | chunks 2)", [ ignored "refine (random | chunks 2)" ]
        "words | refine (all-at-once)", [ neutral "refine (left-to-right | all-at-once)" ]
        "left-to-right | interleave (left-to-right)", [ neutral "interleave (left-to-right | singletons)" ]
        "bisect | then (random 7 | words)", [ ignored "then (random 7 | words)" ]
        "within 0..9 bisect | singletons | then (random | chunks 4)", []
        "given 0..3 8 | random 7 | chunks 4", []
        "given 0..3 | given 2 | bisect", [ neutral "given 2" ]
        "given 0..3 2 | bisect", [ neutral "2" ]
        "sentences | coarsen 2147483647", []
        "left-to-right | sentences", []
        "bisect | words | coarsen 2", []
        "all-at-once | refine (random 7 | chunks 2)", [ neutral "left-to-right | all-at-once" ]
    ]

let private foundInPolicies =
    [
        "confidence | constant 2", []
        "confidence | constant 2 | window 16", []
        "entropy", []
        "entropy | window 1", [ ignored "entropy" ]
        "margin | constant 3 | window 1", [ ignored "margin"; ignored "constant 3" ]
        "confidence | schedule sizes 1", [ neutral "schedule sizes 1" ]
        "confidence | schedule sizes 2 4 4", [ neutral "4" ]
        "random | threshold 1", [ neutral "threshold 1" ]
        "leftmost | threshold 0.5", []
        "strided 3 then outside-in | chunks 2", [ ignored "then outside-in" ]
    ]

let private foundInCurricula =
    [
        "2 * (bisect | chunks 2)", [ neutral "2" ]
        "random | chunks 4 + random | chunks 4", [ neutral "(random | chunks 4)" ]
        "2 * bisect + 3 * (random | chunks 4)", []
        "weighted 1/t | bisect", [ neutral "weighted 1/t" ]
        "weighted 1/t | scattered bidirectional | all-at-once", []
        "prefix predicted | left-to-right", [ neutral "prefix predicted" ]
        "prefix predicted | bisect", []
        "random | expand 4 4", [ neutral "expand 4 4" ]
        "random | expand 1 4", []
        "strided 3 then outside-in | expand 1 4", [ ignored "then outside-in" ]
        "stage 0.5: random | chunks 4; stage 0.5: random | chunks 4", [ neutral "stage 0.5: (random | chunks 4)" ]
        "stage 0.5: random | expand 1 4; stage 0.5: random | expand 1 4", []
        "stage 1, content 0.5: random | chunks 4", [ ignored "content 0.5" ]
        "stage 1, content 0.5: left-to-right | chunks 4 + left-to-right", []
        "stage 1, query 0, content 1: random | chunks 4 + left-to-right", [ ignored "(random | chunks 4)" ]
        "stage 1, query 0, content 1: bisect | chunks 4", [ ignored "content 1" ]
    ]

let private examples redundancies parse cases =
    [
        for text, expected in cases do
            test $"'{text}'" { Expect.equal (parse text |> redundancies |> parts) expected text }
    ]

/// Shapes of all lengths that could matter to small numbers, words and sentences anywhere.
let private shapes =
    [
        for length in [ 0..16 ] @ [ 23; 41; 77; 150 ] do
            let random = System.Random length

            let starts share =
                [|
                    for position in 0 .. length - 1 do
                        if random.NextDouble() < share then
                            position
                |]

            for words, sentences in [ 0.8, 0.5; 0.6, 0.15; 0.3, 0.1 ] do
                { SequenceLayout.ofLength length with
                    WordStarts = starts words
                    SentenceStarts = starts sentences
                }
    ]

let private meansTheSame one other =
    shapes
    |> List.forall (fun shape -> Grouping.resolve shape one = Grouping.resolve shape other)

/// Numbers up to 5, so that 100 positions show whatever they do.
let private small =
    let few =
        {
            Size = Gen.choose (1, 5)
            Position = Gen.choose (0, 5)
            Interval =
                Gen.map2
                    (fun first last -> A3.Model.Interval.between (min first last) (max first last))
                    (Gen.choose (0, 5))
                    (Gen.choose (0, 5))
            Ratio = Gen.elements [ 0.5; 1.0; 1.5; 2.0 ]
        }

    Arb.fromGenShrink (groupingOf true few, shrinkGrouping)

/// How many positions explicit orders list: numbers of a list are no parts.
let private numbers grouping =
    let text = Grouping.print grouping

    System.Text.RegularExpressions.Regex.Matches(text, @"explicit(?: \d+)*")
    |> Seq.sumBy (fun found -> found.Value.Split(' ').Length - 1)

/// The text form, groups of 1 as singletons.
let private singletons grouping =
    (Grouping.print grouping).Replace("chunks 1", "singletons")

/// A property that looks at many shapes for each value, and each time at the same values: what shapes are left out might
/// tell two forms apart that these do not.
let internal law seed name holds =
    test name {
        let replay =
            {
                Rnd = Rnd(uint64 (seed: int), 1UL)
                Size = None
            }

        let config =
            Config.QuickThrowOnFailure.WithMaxTest(25).WithReplay(Some replay).WithQuietOnSuccess true

        Check.One(config, Prop.forAll small holds)
    }

let internal laws seed =
    [
        law seed "what is redundant can be left out at every length"
        <| fun grouping ->
            for redundancy in Redundancy.ofGrouping grouping do
                let rec hasIt (part: Part<Grouping>) =
                    part.Text = redundancy.Part && meansTheSame grouping part.Without
                    || List.exists hasIt (part.Inner @ part.Else)

                Expect.isTrue (Part.ofGrouping grouping |> List.exists hasIt) redundancy.Message

        law seed "what can be left out at every length is reported, itself or what holds it"
        <| fun grouping ->
            let simpler =
                shrinkGrouping grouping
                |> Seq.filter (fun other ->
                    numbers other = numbers grouping
                    && singletons other <> singletons grouping
                    && meansTheSame grouping other)
                |> List.ofSeq

            if not simpler.IsEmpty then
                Expect.isNonEmpty
                    (Redundancy.ofGrouping grouping)
                    $"{Grouping.print grouping} is {Grouping.print simpler.Head}"

        test "no built-in curriculum holds anything redundant" {
            for name, curriculum in Curriculum.builtIn do
                Expect.equal (Redundancy.ofCurriculum curriculum |> List.map _.Message) [] name
        }

        test "at one length more may be redundant" {
            let at length text =
                grouping text
                |> Redundancy.ofGroupingAt (SequenceLayout.ofLength length)
                |> List.map _.Part

            Expect.equal (at 16 "within 20..30 right-to-left then bisect") [ "within 20..30 right-to-left" ] "beyond"
            Expect.equal (at 40 "within 20..30 right-to-left then bisect") [] "within"
            Expect.equal (at 16 "given 20 | bisect") [ "given 20" ] "given"
        }

        test "long forms take little time" {
            let clock = System.Diagnostics.Stopwatch.StartNew()
            let steps = [ 0..9000 ] |> List.rev |> List.map string |> String.concat " "

            for text in
                [
                    "bisect" + String.replicate 60 " then strided 3" + " | chunks 3"
                    "bisect | chunks 2" + String.replicate 60 " | coarsen 1"
                    String.replicate 60 "reverse (" + "bisect" + String.replicate 60 ")"
                    $"explicit {steps}"
                    "words"
                    + String.replicate 50 " | refine (random | chunks 2 | then (bisect | words))"
                ] do
                Redundancy.ofGrouping (grouping text) |> ignore

            Expect.isLessThan clock.Elapsed.TotalSeconds 5.0 "seconds"
        }

        test "any policy and any curriculum is looked into" {
            for value in Gen.sample 40 PlanGenerators.policy.Generator do
                Redundancy.ofPolicy value |> ignore

            for value in Gen.sample 3 PlanGenerators.curriculum.Generator do
                Redundancy.ofCurriculum value |> ignore
        }
    ]

let tests =
    testList
        "redundancies"
        [
            testList "groupings" (examples Redundancy.ofGrouping grouping found)
            testList "policies" (examples Redundancy.ofPolicy policy foundInPolicies)
            testList "curricula" (examples Redundancy.ofCurriculum read foundInCurricula)
            testList "laws" (laws 1)
        ]
