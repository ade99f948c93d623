module A3.Model.Tests.FactorizationLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PartitionGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

/// A random distribution for every context and position: any change of either gives unrelated numbers.
let private oracle vocabulary seed : Conditional =
    let cache = System.Collections.Generic.Dictionary<(int * int) list * int, float[]>()

    fun context position ->
        match cache.TryGetValue((context, position)) with
        | true, known -> known
        | false, _ ->
            let mix seed (position, token) =
                seed |> Seed.derive (int64 position) |> Seed.derive (int64 token)

            let seed = context |> List.fold mix (Seed.derive (int64 position + 100L) seed)

            let weights =
                Array.init vocabulary (fun token -> 0.05 + Seed.uniform (Seed.derive (int64 token) seed))

            let logs = weights |> Array.map (fun weight -> log (weight / Array.sum weights))
            cache[(context, position)] <- logs
            logs

let private sumsToOne vocabulary length count =
    test $"6. the probabilities of all sequences sum to 1 for all {count} ordered partitions of {length} positions" {
        let partitions = allPartitions length
        Expect.hasLength partitions count "all of them"
        let conditional = oracle vocabulary (Seed.ofInt length)
        let tokens = Array.zeroCreate length

        for partition in partitions do
            let total = Factorization.total vocabulary conditional tokens partition
            Expect.floatClose Accuracy.high total 1.0 (Partition.print partition)
    }

let private withTokens =
    gen {
        let! length = Gen.choose (0, 5)
        let! partition = partitionOf length
        let! tokens = Gen.arrayOfLength length (Gen.choose (0, 2))
        let! seed = seeds.Generator
        return partition, tokens, oracle 3 seed
    }
    |> Arb.fromGen

let private validity =
    [
        property "a partition induces one factor per predicted group, and the factors give the partition back" partition
        <| fun partition ->
            let factors = Factorization.ofPartition partition
            Expect.equal (factors |> List.map _.Targets |> Array.ofList) (Partition.targets partition) "targets"

            if not factors.IsEmpty then
                match Factorization.tryPartition factors with
                | Ok back ->
                    Expect.equal (Partition.targets back) (Partition.targets partition) "targets given back"
                    Expect.equal (Partition.evidence back) (Partition.evidence partition) "evidence given back"
                | Error error -> failtest error.Message

        test "factors that predict twice or look ahead are refused, with the reason" {
            let refused text =
                match
                    Factorization.parse text
                    |> Result.mapError _.Message
                    |> Result.bind (Factorization.tryPartition >> Result.mapError _.Message)
                with
                | Ok partition -> failtest $"accepted as {Partition.print partition}"
                | Error message -> message

            Expect.stringStarts (refused "p(0) p(1 | 0 2) p(2 | 0..1)") "the context of factor 1" "looks ahead"
            Expect.stringStarts (refused "p(0) p(1)") "the context of factor 1" "forgets"
            Expect.stringStarts (refused "p(0) p(0 1 | 0)") "position 0 is in group 0 and in group 1" "predicts 0 twice"
            Expect.stringStarts (refused "p(1) p(2 | 1)") "group 1 holds position 2" "leaves 0 out"
        }
    ]

let private chainRule =
    [
        sumsToOne 3 4 75
        sumsToOne 2 5 541

        property "6. given any evidence, the probabilities of all completions sum to 1" withTokens
        <| fun (partition, tokens, conditional) ->
            Expect.floatClose
                Accuracy.high
                (Factorization.total 3 conditional tokens partition)
                1.0
                (Partition.print partition)

        property "7. log p of a partition = sum of its factors" withTokens
        <| fun (partition, tokens, conditional) ->
            let byHand =
                [
                    for group in Partition.targets partition do
                        let rank = Partition.rankOf group[0] partition

                        let context =
                            [
                                for position in 0 .. tokens.Length - 1 do
                                    if Partition.rankOf position partition < rank then
                                        position, tokens[position]
                            ]

                        for position in group do
                            (conditional context position)[tokens[position]]
                ]
                |> List.sum

            Expect.floatClose
                Accuracy.high
                (Factorization.logProbability conditional tokens partition)
                byHand
                (Partition.print partition)

        property "7. splitting evidence off changes log p by exactly the evidence's own factors" withTokens
        <| fun (partition, tokens, conditional) ->
            let evidence = Partition.evidenceGroups partition
            let whole = Partition.withEvidence 0 partition

            let own =
                Factorization.ofPartition whole
                |> List.truncate evidence
                |> List.sumBy (Factorization.factorLogProbability conditional tokens)

            Expect.floatClose
                Accuracy.high
                (Factorization.logProbability conditional tokens whole)
                (own + Factorization.logProbability conditional tokens partition)
                (Partition.print partition)
    ]

let tests =
    testList "factorizations" [ testList "validity" validity; testList "chain rule" chainRule ]
