module A3.Model.Tests.SyntaxLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PartitionGenerators
open A3.Model.Tests.PlanGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private roundTrip noun arbitrary print parse =
    property $"parse (print s) = Ok s: {noun}" arbitrary
    <| fun value ->
        match parse (print value) with
        | Ok back -> Expect.equal back value (print value)
        | Error(error: SyntaxError) -> failtest error.Message

/// Every parser, its value forgotten.
let private parsers: (string * (string -> Result<unit, SyntaxError>)) list =
    [
        "order", Order.parse >> Result.map ignore
        "grouping", Grouping.parse >> Result.map ignore
        "partition", Partition.parse >> Result.map ignore
        "mask", Mask.parse >> Result.map ignore
        "factorization", Factorization.parse >> Result.map ignore
        "policy", Policy.parse >> Result.map ignore
        "curriculum", Curriculum.parse >> Result.map ignore
    ]

let private refused parse text =
    match parse text with
    | Ok _ -> failtest $"accepted {text}"
    | Error(error: SyntaxError) -> error

let private points parse text column expected =
    test $"'{text}' is refused at column {column}" {
        let error = refused parse text
        Expect.equal error.Column column error.Message
        Expect.stringContains error.Expected expected error.Message
        Expect.stringContains error.Message $"column {column}" "message"
        Expect.stringContains error.Message expected "message"
    }

let private roundTrips =
    [
        roundTrip "orders" order Order.print Order.parse
        roundTrip "groupings" grouping Grouping.print Grouping.parse
        roundTrip "partitions" partition Partition.print Partition.parse
        roundTrip "masks" mask Mask.print Mask.parse
        roundTrip "policies" policy Policy.print Policy.parse
        roundTrip "curricula" curriculum Curriculum.print Curriculum.parse

        property "parse (print s) = Ok s: factorizations" partition
        <| fun partition ->
            let factors = Factorization.ofPartition partition
            Expect.equal (Factorization.parse (Factorization.print factors)) (Ok factors) (Factorization.print factors)

        test "the round trips reach every case of the unions" {
            let reaches (arbitrary: Arbitrary<'value>) =
                let reached =
                    arbitrary.Generator
                    |> Gen.sample 400
                    |> Seq.map (fun value -> (fst (Reflection.FSharpValue.GetUnionFields(value, typeof<'value>))).Name)
                    |> Set.ofSeq

                let all =
                    Reflection.FSharpType.GetUnionCases typeof<'value>
                    |> Seq.map _.Name
                    |> Set.ofSeq

                Expect.equal reached all typeof<'value>.Name

            reaches order
            reaches grouping
            reaches schedule
            reaches mask
            reaches policy
            reaches (Arb.fromGen (Gen.map (fun (draw: MixtureComponent) -> draw.Context) draw))
            reaches (Arb.fromGen (Gen.map (Curriculum.stages >> List.head >> _.Duration) curriculum.Generator))
        }
    ]

let private shorthand parse print text full =
    test $"'{text}' is read as '{full}'" {
        match parse text with
        | Ok value -> Expect.equal (print value) full text
        | Error(error: SyntaxError) -> failtest error.Message
    }

let private shorthands =
    let grouping = shorthand Grouping.parse Grouping.print
    let policy = shorthand Policy.parse Policy.print
    let curriculum = shorthand Curriculum.parse Curriculum.print

    [
        grouping "bisect" "bisect | singletons"
        grouping " words " "left-to-right | words"
        grouping "random" "random | singletons"
        grouping "(reverse (random 3)) | chunks 4" "reverse (random 3) | chunks 4"
        grouping "bisect|coarsen 2" "bisect | singletons | coarsen 2"
        grouping "random 7\n  | chunks 4" "random 7 | chunks 4"
        grouping "given 0..3 8 | random 7 | chunks 4" "given 0..3 8 | random 7 | chunks 4"
        policy "confidence" "confidence | constant 1"
        policy "entropy | window 4" "entropy | constant 1 | window 4"
        policy "random | window 4" "random | constant 1 | window 4"
        policy "random" "random | singletons"
        policy "random | constant 2" "random | constant 2"
        policy "random | sizes 1 2" "random | sizes 1 2"
        policy "margin | schedule 1 2 4" "margin | schedule sizes 1 2 4"
        curriculum "random | chunks 4" "stage 1: (random | chunks 4)"
        curriculum "masked-diffusion" "stage 1: (weighted 1/t | scattered bidirectional | left-to-right | all-at-once)"
        curriculum
            "stage 500 steps, content 0.5: 0 to 1 * words + keep 1 sentences causal | bisect; stage rest , query 0, content 2: bisect"
            "stage 500 steps, content 0.5: 0 to 1 * (left-to-right | words) + (keep 1 sentences causal | bisect | singletons); stage rest, query 0, content 2: (bisect | singletons)"
        curriculum "direct" "stage 0.5: (random | chunks 4); stage 0.5: (random | chunks 8)"
        curriculum
            "stage 0.2: left-to-right | singletons\nstage 0.8: 2 * (gaps 1..3 of 4..40 causal | random) + bisect"
            "stage 0.2: (left-to-right | singletons); stage 0.8: 2 * (gaps 1..3 of 4..40 causal | random | singletons) + (bisect | singletons)"
    ]

let private errors =
    [
        points Grouping.parse "random 7 | chnks 4" 12 "chunks"
        points Grouping.parse "random 7 | chunks" 18 "a size"
        points Grouping.parse "random 7 | chunks 0" 19 "1..2147483647"
        points Grouping.parse "random 7 | chunks 99999999999" 19 "1..2147483647"
        points Grouping.parse "rndom | words" 1 "random"
        points Grouping.parse "" 1 "left-to-right"
        points Grouping.parse "given 8..3 | bisect" 10 "not below 8"
        points Grouping.parse "bisect | chunks 4 | singletons" 21 "coarsen"
        points Grouping.parse "bisect then (random" 20 "')'"
        points Grouping.parse "left-to-right | geometric 1 -2" 29 "above 0"
        points Order.parse "blockwise 4 reverse bisect" 13 "'('"
        points Order.parse "strided 2.5" 10 "the end of the text"
        points Mask.parse "earlier-group or own" 18 "same-group"
        points Partition.parse "0 / given 1" 12 "evidence comes first"
        points Partition.parse "0 / 2" 6 "group 1 holds position 2"
        points Factorization.parse "p(0..2000000000)" 17 "at most 1048576"
        points Policy.parse "confidence | constnt 3" 14 "constant"
        points Policy.parse "random | threshold x" 20 "a threshold"
        points Policy.parse "confidence | threshold 1.5" 24 "above 0 and at most 1"
        points Policy.parse "margin | threshold 0" 20 "above 0 and at most 1"
        points Policy.parse "entropy | threshold 0" 21 "of nats, above 0"
        points Policy.parse "confidence | constant 2 | window 0" 34 "a window"
        points Policy.parse "entropy | window 0" 18 "a window"
        points Policy.parse "entropy | widow 4" 11 "window"
        points Policy.parse "entropy | window 4 | constant 2" 20 "the end of the text"
        points Curriculum.parse "stage 0.2 bisect" 11 "':'"
        points Curriculum.parse "stage 1: random | given 0 | coarsen 2" 38 "given"
        points Curriculum.parse "left-to-right | expand 4 1" 26 "not below 4"
        points Curriculum.parse "stage 5: bisect" 7 "steps"
        points Curriculum.parse "stage 500 stps: bisect" 7 "tokens"
        points Curriculum.parse "stage 1, contnt 2: bisect" 8 "content"
        points Curriculum.parse "stage 0.5: bisect" 18 "must sum to 1"
        points Curriculum.parse "stage 9 steps: bisect" 22 "`stage rest`"
        points Curriculum.parse "weighted 1/x | bisect" 10 "1/t"
        points Curriculum.parse "gaps 1 sentnces causal | bisect" 8 "sentences"

        test "in a text of several lines the line is named too" {
            let error = refused Curriculum.parse "stage 0.2: bisect\nstage 0.7: chnks 4"
            Expect.equal (error.Line, error.Column) (2, 12) error.Message
            Expect.stringContains error.Message "line 2, column 12: found 'chnks'" "message"
            Expect.isFalse (error.Message.Contains '\n') "one line"
        }
    ]

let private hostile =
    [
        test "deep nesting is an error" {
            for text in
                [
                    String.replicate 30000 "("
                    String.replicate 5000 "reverse (" + "bisect" + String.replicate 5000 ")"
                    String.replicate 100 "reverse (" + "bisect" + String.replicate 100 ")"
                    "bisect | " + String.replicate 3000 "then (bisect | "
                ] do
                for noun, parse in parsers do
                    Expect.stringContains (refused parse text).Expected "" noun
        }

        test "long chains are an error" {
            let error = refused Grouping.parse ("bisect" + String.replicate 5000 " then bisect")
            Expect.stringContains error.Message "at most 64" "orders"
            let error = refused Grouping.parse ("bisect" + String.replicate 5000 " | coarsen 2")
            Expect.stringContains error.Message "at most 64" "stages"
            let error = refused Grouping.parse (String.replicate 5000 "given 1 | " + "bisect")
            Expect.stringContains error.Message "at most 64" "prefixes"

            let error =
                refused Mask.parse ("same-group" + String.replicate 3000 " or same-group")

            Expect.stringContains error.Message "at most 64" "masks"
            let error = refused Mask.parse (String.replicate 15000 "not " + "same-group")
            Expect.isLessThan error.Message.Length 400 "negations"
        }

        test "huge numbers and megabytes are errors with short messages" {
            for text in
                [
                    "random " + String.replicate 40000 "9"
                    "explicit " + String.replicate 1000000 "1 "
                    String.replicate 3000000 "a"
                    "\u0000\u0001(((\n\t|"
                ] do
                for noun, parse in parsers do
                    let error = refused parse text
                    Expect.isLessThan error.Message.Length 1200 noun
                    Expect.isFalse (error.Message |> Seq.exists System.Char.IsControl) noun
        }

        // Neither all nor none: texts that are all refused at the first word, or all read, would say little about errors.
        test "of printed specifications with a word lost, doubled or exchanged a twentieth to nine tenths are read" {
            let printed =
                [
                    "order", order.Generator |> Gen.map Order.print
                    "grouping", grouping.Generator |> Gen.map Grouping.print
                    "policy", policy.Generator |> Gen.map Policy.print
                    "curriculum", curriculum.Generator |> Gen.map Curriculum.print
                ]

            let changed (text: string) =
                gen {
                    let words = text.Split ' '
                    let! at = Gen.choose (0, words.Length - 1)
                    let! other = Gen.elements words

                    let! words =
                        Gen.elements
                            [
                                Array.removeAt at words
                                Array.insertAt at words[at] words
                                Array.updateAt at other words
                            ]

                    return String.concat " " words
                }

            for noun, texts in printed do
                let parse = parsers |> List.find (fst >> (=) noun) |> snd

                let outcomes =
                    texts
                    |> Gen.bind changed
                    |> Gen.sampleWithSeed (Rnd(7UL, 11UL)) 12 200
                    |> Array.map parse

                let accepted = outcomes |> Array.filter Result.isOk |> Array.length
                Expect.isTrue (accepted >= 10 && accepted <= 180) $"{noun}: {accepted} of 200 are read"
        }

        property
            "any text is a specification or an error with one line"
            (Arb.fromGen (
                let words =
                    "random 7 | ( ) then chunks 4 given 0..3 / + * : ; stage 0.5 bisect explicit p not and confidence threshold -1 .. \n gaps of prefix expand keep sentences scattered causal weighted 1/t to rest steps , content"
                        .Split
                        ' '

                Gen.choose (0, 12)
                >>= fun count ->
                    Gen.listOfLength
                        count
                        (Gen.oneof
                            [
                                Gen.elements words
                                ArbMap.defaults |> ArbMap.generate<string> |> Gen.map string
                            ])
                |> Gen.map (String.concat " ")
            ))
        <| fun text ->
            for noun, parse in parsers do
                match parse text with
                | Ok() -> ()
                | Error error ->
                    Expect.isFalse (error.Message |> Seq.exists System.Char.IsControl) noun
                    Expect.isGreaterThan error.Column 0 noun
    ]

let tests =
    testList
        "text forms"
        [
            testList "round trips" roundTrips
            testList "shorthands" shorthands
            testList "errors" errors
            testList "hostile texts" hostile
        ]
