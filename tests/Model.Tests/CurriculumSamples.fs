/// Curricula by their text, what they draw, and shapes to draw for.
module A3.Model.Tests.CurriculumSamples

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let progresses =
    Gen.elements [ 0.0; 0.2; 0.5; 0.999; 1.0; -3.0; 7.0; nan; infinity ]

let draws shapes =
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

let lengths =
    Arb.fromGenShrink (
        Gen.choose (0, 60),
        fun length ->
            Seq.ofList [ length / 2; length - 1 ]
            |> Seq.filter (fun shorter -> shorter >= 0 && shorter < length)
    )

let read text =
    Curriculum.parse text
    |> Result.defaultWith (fun error -> failtest error.Message)

/// The partition that a curriculum draws in a run that it fits.
let partitionOf curriculum seed progress shape =
    (TrainingSchedule.sample (TrainingSchedule.fit plan curriculum) seed progress shape).Partition

/// Many draws of one text over one shape.
let sampleOf text progress shape =
    let course = read text |> TrainingSchedule.fit plan

    List.init 200 (fun row -> TrainingSchedule.sample course (Seed.ofInt row) progress shape)

let sample text progress length =
    sampleOf text progress (SequenceLayout.ofLength length) |> List.map _.Partition

/// Sentences of 5 positions behind BOS.
let inSentences length =
    { SequenceLayout.ofLength length with
        SentenceStarts = [| 0; yield! [| 1..5 .. length - 1 |] |]
    }

let targetsOf partition =
    Partition.targets partition |> Array.concat |> Array.sort
