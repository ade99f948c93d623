/// Arbitrary partitions, layouts and masks with shrinkers.
module A3.Model.Tests.PartitionGenerators

open A3.Model
open FsCheck
open FsCheck.FSharp

let private shrinkPartition partition =
    let groups = Partition.groups partition
    let evidence = Partition.evidenceGroups partition
    let last = Partition.length partition - 1

    let withoutLast =
        groups
        |> Array.map (Array.filter (fun position -> position < last))
        |> Array.filter (fun group -> group.Length > 0)

    Seq.concat
        [
            if evidence > 0 then
                Seq.singleton (Partition.withEvidence (evidence - 1) partition)
            if last >= 0 then
                Seq.singleton (Partition.create (min evidence withoutLast.Length) withoutLast)
        ]

let partitionOf length =
    gen {
        let! ranks = Gen.arrayOfLength length (Gen.choose (0, 5))
        let! evidence = Gen.choose (0, ranks |> Array.distinct |> Array.length)
        return Partition.ofRanks evidence ranks
    }

let partition =
    Arb.fromGenShrink (Gen.choose (0, 12) >>= partitionOf, shrinkPartition)

/// Every ordered partition of so few positions, without evidence: 1, 1, 3, 13, 75, 541.
let allPartitions length =
    let rec assign ranks position =
        if position = length then
            [ Array.ofList ranks ]
        else
            [ 0 .. length - 1 ]
            |> List.collect (fun rank -> assign (rank :: ranks) (position + 1))

    assign [] 0 |> List.map (Partition.ofRanks 0) |> List.distinct

let layout =
    let generator =
        gen {
            let! length = Gen.choose (0, 10)
            let! groups = Gen.arrayOfLength length (Gen.choose (0, 4))
            let! padding = Gen.arrayOfLength length (Gen.elements [ true; false ])
            let! documents = Gen.arrayOfLength length (Gen.choose (0, 2))

            return
                {
                    Group = groups
                    Padding = padding
                    Document = documents
                }
        }

    let shrink layout =
        if Layout.length layout = 0 then
            Seq.empty
        else
            Seq.singleton
                {
                    Group = Array.tail layout.Group
                    Padding = Array.tail layout.Padding
                    Document = Array.tail layout.Document
                }

    Arb.fromGenShrink (generator, shrink)

let mask =
    let relations =
        [ Mask.EarlierGroup; Mask.SameGroup; Mask.NotPadding; Mask.SameDocument ]

    let rec generate depth =
        if depth = 0 then
            Gen.elements relations
        else
            let inner = generate (depth - 1)

            Gen.oneof
                [
                    Gen.elements relations
                    Gen.map2 (fun left right -> Mask.And(left, right)) inner inner
                    Gen.map2 (fun left right -> Mask.Or(left, right)) inner inner
                    Gen.map Mask.Not inner
                ]

    let shrink mask =
        match mask with
        | Mask.And(left, right)
        | Mask.Or(left, right) -> Seq.ofList [ left; right ]
        | Mask.Not inner -> Seq.singleton inner
        | Mask.EarlierGroup -> Seq.empty
        | Mask.SameGroup
        | Mask.NotPadding
        | Mask.SameDocument -> Seq.singleton Mask.EarlierGroup

    Arb.fromGenShrink (generate 4, shrink)
