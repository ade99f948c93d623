module A3.Model.Tests.PolicyLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private criteria =
    [
        Criterion.Confidence
        Criterion.Entropy
        Criterion.Margin
        Criterion.Random
        Criterion.Leftmost
    ]

let private step =
    {
        Seed = Seed.ofInt 3
        Index = 0
        Total = 8
    }

let private score position confidence entropy margin =
    {
        Position = position
        Confidence = confidence
        Entropy = entropy
        Margin = margin
    }

let private scores =
    let number =
        Gen.oneof [ Gen.choose (0, 4) |> Gen.map (fun n -> float n / 4.0); Gen.constant nan ]

    gen {
        let! positions = Gen.subListOf [ 0..15 ]
        let! numbers = Gen.listOfLength positions.Length (Gen.three number)

        return
            Seq.zip positions numbers
            |> Seq.map (fun (position, (confidence, entropy, margin)) -> score position confidence entropy margin)
            |> Array.ofSeq
    }

let private cases =
    let shrink (policy, scores: Score[], step) =
        if scores.Length > 0 then
            Seq.singleton (policy, Array.tail scores, step)
        else
            Seq.empty

    let generator =
        gen {
            let! policy =
                policy.Generator
                |> Gen.filter (fun policy ->
                    match policy with
                    | Policy.Adaptive _ -> true
                    | Policy.Fixed _ -> false)

            let! scores = scores
            let! index = Gen.choose (0, 20)
            return policy, scores, { step with Index = index }
        }

    Arb.fromGenShrink (generator, shrink)

/// Four open positions, each the first by one criterion.
let private four =
    [|
        score 4 0.5 1.0 0.3
        score 6 0.9 0.8 0.2
        score 7 0.6 0.1 0.1
        score 9 0.7 0.9 0.6
    |]

let private example text expected =
    test text {
        match Policy.parse text with
        | Ok(Policy.Adaptive(criterion, amount, _)) ->
            Expect.equal (Policy.choose criterion amount step four) expected "chosen"
        | other -> failtest $"{other}"
    }

let tests =
    testList
        "policies"
        [
            property "every adaptive choice is non-empty and within the open positions" cases
            <| fun (policy, scores, step) ->
                match policy with
                | Policy.Fixed _ -> ()
                | Policy.Adaptive(criterion, amount, window) ->
                    let positions = scores |> Array.map _.Position
                    let candidates = Policy.candidates window positions
                    Expect.equal candidates.Length (min positions.Length (defaultArg window 99)) "window"

                    let chosen =
                        scores
                        |> Array.filter (fun score -> Array.contains score.Position candidates)
                        |> Policy.choose criterion amount step

                    Expect.equal (Array.isEmpty chosen) (Array.isEmpty scores) "non-empty"
                    Expect.equal chosen (chosen |> Array.distinct |> Array.sort) "ascending, each once"
                    Expect.all chosen (fun position -> Array.contains position candidates) "within"

            property "a choice does not depend on the order of the scores" cases
            <| fun (policy, scores, step) ->
                match policy with
                | Policy.Fixed _ -> ()
                | Policy.Adaptive(criterion, amount, _) ->
                    Expect.equal
                        (Policy.choose criterion amount step (Array.rev scores))
                        (Policy.choose criterion amount step scores)
                        "reversed"

            test "at a tie the lower position is preferred" {
                let equal = [| score 8 0.5 0.5 0.5; score 2 0.5 0.5 0.5; score 5 0.5 0.5 0.5 |]

                for criterion in criteria |> List.except [ Criterion.Random ] do
                    Expect.equal (Policy.choose criterion (Amount.Constant 2) step equal) [| 2; 5 |] $"{criterion}"
            }

            test "what is not a number is preferred last" {
                let scores = [| score 0 nan nan nan; score 1 0.0 9.0 0.0 |]

                for criterion in [ Criterion.Confidence; Criterion.Entropy; Criterion.Margin ] do
                    Expect.equal (Policy.choose criterion (Amount.Constant 1) step scores) [| 1 |] $"{criterion}"
            }

            test "random choices vary with the step and repeat with the seed" {
                let choose index =
                    Policy.choose Criterion.Random (Amount.Constant 2) { step with Index = index } four

                Expect.equal (choose 3) (choose 3) "same step"
                Expect.isGreaterThan ([ 0..9 ] |> List.map choose |> List.distinct |> List.length) 2 "other steps"
            }

            testList
                "examples"
                [
                    example "confidence | constant 2" [| 6; 9 |]
                    example "entropy | constant 2" [| 6; 7 |]
                    example "margin | constant 1" [| 9 |]
                    example "leftmost | constant 3" [| 4; 6; 7 |]
                    example "confidence | threshold 0.6" [| 6; 7; 9 |]
                    example "confidence | threshold 0.95" [| 6 |]
                    example "entropy | threshold 0.85" [| 6; 7 |]
                    example "leftmost | threshold 0.5" [| 4; 6; 7; 9 |]
                    example "leftmost | threshold 0.6" [| 4 |]
                    example "confidence | schedule 3 1" [| 6; 7; 9 |]
                ]
        ]
