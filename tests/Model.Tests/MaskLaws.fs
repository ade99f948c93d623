module A3.Model.Tests.MaskLaws

open A3.Model
open A3.Model.Tests.Generators
open A3.Model.Tests.PartitionGenerators
open Expecto
open FsCheck
open FsCheck.FSharp

let private labelled =
    Arb.fromGen (
        layout.Generator
        >>= fun layout ->
            permutationOf (Layout.length layout)
            |> Gen.map (fun permutation -> layout, permutation)
    )

/// Singletons left to right up to some position, then anything; evidence or not.
let private mostlyCausal =
    Arb.fromGen (
        Gen.choose (0, 12)
        >>= fun prefix ->
            partition.Generator
            |> Gen.map (fun partition ->
                let rest = Partition.groups partition |> Array.map (Array.map ((+) prefix))

                Array.append (Array.init prefix Array.singleton) rest
                |> Partition.create (min prefix (Partition.evidenceGroups partition)))
    )

/// The layout after moving position i to entry i of the permutation.
let private relabel permutation layout =
    let from = Permutation.inverse permutation |> Permutation.positions

    let move values =
        from |> Array.map (fun position -> Array.item position values)

    {
        Group = move layout.Group
        Padding = move layout.Padding
        Document = move layout.Document
    }

/// What content rows and queries see, what the content rows among these see, and so on until nothing is new.
let private seenInTurn queries contents layout =
    let keys mask query =
        [ 0 .. Layout.length layout - 1 ]
        |> List.filter (Mask.allows (Mask.real mask) layout query)
        |> set

    let rec grow contents =
        let grown =
            contents |> Seq.map (keys Mask.content) |> Set.unionMany |> Set.union contents

        if grown = contents then contents else grow grown

    queries
    |> List.map (keys Mask.query)
    |> Set.unionMany
    |> Set.union contents
    |> grow

let tests =
    testList
        "masks"
        [
            property
                "a pass needs the content rows that those it is run for see in turn"
                (pair layout (Arb.fromGen (Gen.zip (Gen.choose (0, 1023)) (Gen.choose (0, 1023)))))
            <| fun (layout, (queries, contents)) ->
                let chosen bits =
                    [ 0 .. Layout.length layout - 1 ]
                    |> List.filter (fun position -> bits >>> position &&& 1 = 1 && not layout.Padding[position])

                let queries, contents = chosen queries, chosen contents

                Expect.equal
                    (Mask.needed queries contents layout
                     |> Seq.indexed
                     |> Seq.filter snd
                     |> Seq.map fst
                     |> set)
                    (seenInTurn queries (set contents) layout)
                    "positions"

            property
                "3. in the order of generation a row sees one span of any keys: those that its mask allows"
                (pair layout (Arb.fromGen (Gen.choose (0, 1023))))
            <| fun (layout, bits) ->
                let positions = [| 0 .. Layout.length layout - 1 |]

                let keys =
                    positions
                    |> Array.filter (fun position -> bits >>> position &&& 1 = 1)
                    |> Mask.inOrder layout

                for mask, spans in [ Mask.content, Mask.contentSpans; Mask.query, Mask.querySpans ] do
                    for row, span in positions |> spans layout keys |> Array.indexed do
                        Expect.equal
                            (keys |> Array.map (Mask.allows (Mask.real mask) layout row))
                            (Array.init keys.Length (fun key -> span.First <= key && key < span.End))
                            $"{Mask.print mask}, row {row}"

            property "the order of generation loses no position, and keeps that of positions within a group" layout
            <| fun layout ->
                let ordered = Mask.inOrder layout [| 0 .. Layout.length layout - 1 |]
                Expect.equal (Array.sort ordered) [| 0 .. Layout.length layout - 1 |] "positions"

                for one, next in Array.pairwise ordered do
                    let alike (of': Layout -> int[]) = (of' layout)[one] = (of' layout)[next]

                    if alike _.Group && alike _.Document && layout.Padding[one] = layout.Padding[next] then
                        Expect.isLessThan one next "neighbours of one group"

            property "3. the query mask is the content mask minus the own group" partition
            <| fun partition ->
                let layout = Layout.ofPartition partition

                for query in 0 .. Layout.length layout - 1 do
                    for key in 0 .. Layout.length layout - 1 do
                        let own = Partition.rankOf query partition = Partition.rankOf key partition

                        Expect.equal
                            (Mask.allows Mask.query layout query key)
                            (Mask.allows Mask.content layout query key && not own)
                            $"query {query}, key {key}"

            property "the causal prefix is where content rows see what they see in a causal model" mostlyCausal
            <| fun partition ->
                let layout = Layout.ofPartition partition
                let content = Mask.matrix Mask.content layout
                let length = Layout.length layout

                let causal =
                    seq { 0 .. length - 1 }
                    |> Seq.takeWhile (fun query ->
                        seq { 0 .. length - 1 }
                        |> Seq.forall (fun key -> content[query, key] = (key <= query)))

                Expect.equal (Partition.causalPrefix partition) (Seq.length causal) (Partition.print partition)

            property "a content row sees itself, and of two positions one sees the other" partition
            <| fun partition ->
                let content = Layout.ofPartition partition |> Mask.matrix Mask.content

                for query in 0 .. Array2D.length1 content - 1 do
                    Expect.isTrue content[query, query] "itself"

                    for key in 0 .. Array2D.length1 content - 1 do
                        Expect.isTrue (content[query, key] || content[key, query]) "comparable"

            property "no mask of real keys allows padding or another document" (pair mask layout)
            <| fun (mask, layout) ->
                let allowed = Mask.matrix (Mask.real mask) layout

                allowed
                |> Array2D.iteri (fun query key allowed ->
                    if allowed then
                        Expect.isFalse layout.Padding[key] "padding"
                        Expect.equal layout.Document[key] layout.Document[query] "document")

            property
                "4. relabelling positions permutes rows and columns of the masks and nothing else"
                (pair mask labelled)
            <| fun (mask, (layout, permutation)) ->
                let before = Mask.matrix mask layout
                let after = Mask.matrix mask (relabel permutation layout)

                before
                |> Array2D.iteri (fun query key allowed ->
                    let query = Permutation.positionAt query permutation
                    let key = Permutation.positionAt key permutation
                    Expect.equal after[query, key] allowed $"query {query}, key {key}")

            property
                "4. relabelling a partition permutes its masks"
                (Arb.fromGen (
                    Gen.choose (0, 9)
                    >>= fun length -> Gen.zip (partitionOf length) (permutationOf length)
                ))
            <| fun (partition, permutation) ->
                let before = Layout.ofPartition partition
                let after = Partition.relabel permutation partition |> Layout.ofPartition
                Expect.equal after (relabel permutation before) "the layout of the relabelled partition"
        ]
