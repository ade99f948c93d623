module A3.Model.Tests.NumeralLaws

open A3.Model
open A3.Model.Tests.Generators
open Expecto
open FsCheck
open FsCheck.FSharp

let private refused read texts =
    for text in texts do
        Expect.isNone (read text) text

let private numbers =
    [
        property "a finite number reads back as itself" (ArbMap.defaults |> ArbMap.arbitrary<NormalFloat>)
        <| fun number -> Expect.equal (Numeral.tryReal (Numeral.print number.Get)) (Some number.Get) "real"

        property "a whole number reads back as itself" (ArbMap.defaults |> ArbMap.arbitrary<int64>)
        <| fun number -> Expect.equal (Numeral.tryWhole (string number)) (Some number) "whole"

        test "a number has one way to be written" {
            let foreign =
                [
                    ""
                    " 1"
                    "1 "
                    "+1"
                    "--1"
                    "1-"
                    "1,000"
                    "1_000"
                    "1'000"
                    "(1)"
                    "0x1F"
                    "\u22125"
                    "\u061C-5"
                    "\u200E\u22125"
                    "\u0663"
                    "\u06F3"
                    "\uFF11"
                    "1\u00A0000"
                ]

            refused Numeral.tryWhole ("1.0" :: "1e3" :: "9223372036854775808" :: foreign)

            refused
                Numeral.tryReal
                ([
                    "0,7"
                    "1.6.2"
                    ".5"
                    "5."
                    "1\u066B5"
                    "e5"
                    "1e"
                    "1e+"
                    "1.e5"
                    "NaN"
                    "Infinity"
                    "-\u221E"
                    "1e999"
                 ]
                 @ foreign)
        }

        test "a number that would become 0 is none" {
            refused Numeral.tryReal [ "1e-400"; "-0.1e-330" ]
            Expect.equal (Numeral.tryReal "0e-400") (Some 0.0) "0"
            Expect.equal (Numeral.tryReal "-0.0") (Some -0.0) "-0"
        }

        test "fractions and powers of ten are read" {
            for text, value in [ "0.7", 0.7; "-2", -2.0; "1e-3", 1e-3; "1.5E+2", 150.0; "007", 7.0 ] do
                Expect.equal (Numeral.tryReal text) (Some value) text
        }
    ]

let private choices =
    [ "adapt"; "ar"; "infill"; "paper"; "left-to-right"; "bfloat16"; "float32" ]

let private suggestions =
    [
        for given, meant in
            [
                "papper", "paper"
                "Paper", "paper"
                "paepr", "paper"
                "paperr", "paper"
                "infil", "infill"
                "letf-to-right", "left-to-right"
                "left_to_right", "left-to-right"
                "bf16", "bfloat16"
            ] do
            test $"'{given}' is close to '{meant}'" {
                Expect.equal (Suggestion.nearest choices given) (Some meant) given
            }

        test "what is close to nothing gets no guess" {
            for given in [ ""; "xyz"; "gpu"; "confidence"; String.replicate 1000000 "a" ] do
                Expect.isNone (Suggestion.nearest choices given) ""
        }

        property
            "one letter off is close"
            (Arb.fromGen (
                Gen.zip (Gen.elements [ "infill"; "paper"; "left-to-right"; "bfloat16" ]) (Gen.choose (0, 100))
            ))
        <| fun (name, at) ->
            let at = at % name.Length

            for off in [ name.Remove(at, 1); name.Insert(at, "q"); name.Remove(at, 1).Insert(at, "q") ] do
                Expect.equal (Suggestion.nearest choices off) (Some name) off

        for parse, text, near in
            [
                Curriculum.parse >> Result.map ignore, "papper", "paper"
                Curriculum.parse >> Result.map ignore, "stage 1, contnt 2: bisect", "content"
                Curriculum.parse >> Result.map ignore, "gaps 1 of 4 causl | bisect", "causal"
                Grouping.parse >> Result.map ignore, "left-to-rigth", "left-to-right"
                Grouping.parse >> Result.map ignore, "bisect | chunk 2", "chunks"
                Order.parse >> Result.map ignore, "reverse (bisct)", "bisect"
                Policy.parse >> Result.map ignore, "confidance | constant 2", "confidence"
                Policy.parse >> Result.map ignore, "entropy | treshold 0.5", "threshold"
                Mask.parse >> Result.map ignore, "same-grop", "same-group"
            ] do
            test $"the error of '{text}' asks for '{near}'" {
                match parse text with
                | Ok() -> failtest text
                | Error(error: SyntaxError) ->
                    Expect.stringEnds error.Message $"; did you mean '{near}'?" text
                    Expect.isLessThan error.Message.Length 200 "brief"
            }

        test "an error without a guess names kinds of words, with a few of each" {
            match Curriculum.parse "xyz" with
            | Ok _ -> failtest "xyz"
            | Error error ->
                Expect.stringContains
                    error.Message
                    "a built-in curriculum (adapt, ar, direct, infill, masked-diffusion, paper)"
                    "built-in"

                Expect.stringContains error.Message "an order (left-to-right, right-to-left, random, bisect, " "orders"
        }
    ]

let tests =
    testList "names and numbers" [ testList "numbers" numbers; testList "suggestions" suggestions ]
