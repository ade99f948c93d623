module A3.Tensor.Tests.TensorLaws

open A3.Model
open A3.Tensors
open A3.Tensor.Tests.TensorSamples
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp

let rec private masks depth =
    let leaves =
        Gen.elements [ Mask.EarlierGroup; Mask.SameGroup; Mask.NotPadding; Mask.SameDocument ]

    if depth = 0 then
        leaves
    else
        let inner = masks (depth - 1)

        Gen.oneof
            [
                leaves
                Gen.map2 (fun left right -> Mask.And(left, right)) inner inner
                Gen.map2 (fun left right -> Mask.Or(left, right)) inner inner
                Gen.map Mask.Not inner
            ]

let private compiledMask =
    test "3. compiled mask = meaning of the mask, entry by entry" {
        check 200 (Gen.zip (masks 3) layouts) (fun (mask, layout) ->
            let length = Layout.length layout

            let compiled =
                CompiledMask.compile mask (CompiledMask.layouts torch.CPU [| layout; layout |])

            let entries =
                compiled.expand(2L, int64 length, int64 length).contiguous().data<bool>().ToArray()

            let meaning =
                [|
                    for row in 0 .. length - 1 do
                        for key in 0 .. length - 1 -> Mask.allows mask layout row key
                |]

            Expect.equal entries (Array.append meaning meaning) $"{mask}")
    }

let private seesPreceding =
    test "3. who may see the token before it = the meaning of the query mask" {
        check 200 layouts (fun layout ->
            let compiled =
                CompiledMask.seesPreceding (CompiledMask.layouts torch.CPU [| layout; layout |])

            let meaning =
                Array.init (Layout.length layout) (fun position -> Mask.seesPreceding layout position)

            Expect.equal (compiled.data<bool>().ToArray()) (Array.append meaning meaning) "")
    }

let private seesAllBefore =
    test "3. who sees every token before it = the meaning of the query mask" {
        let inTurn (layout: Layout) =
            { layout with
                Group = layout.Group |> Array.mapi (fun position group -> position / 3 + group)
            }

        check 200 (Gen.map inTurn layouts) (fun layout ->
            let compiled =
                CompiledMask.seesAllBefore (CompiledMask.layouts torch.CPU [| layout; layout |])

            let meaning =
                Array.init (Layout.length layout) (fun position -> Mask.seesAllBefore layout position)

            Expect.equal (compiled.data<bool>().ToArray()) (Array.append meaning meaning) "")
    }

let private oracle (name, architecture) =
    test $"compiled network = float64 oracle: {name}" {
        let network = network architecture

        check 12 layouts (fun layout ->
            let tokens = tokensOf (Layout.length layout)
            let expected = Oracle.forward architecture network.Number layout tokens
            let actual = run network layout tokens
            Expect.isLessThan (largestDifference expected.Query actual.Query) 1e-4 "query stream"
            Expect.isLessThan (largestDifference expected.Content actual.Content) 1e-4 "content stream")
    }

let private queryStarts =
    [
        "learned queries", base'
        "queries that start from the token before", preceding
    ]

let private noLeak (name, architecture) =
    test $"5. changing a token of group >= k changes no query logits of group k (exactly zero difference): {name}" {
        let network = network architecture

        check 30 (Gen.zip layouts (Gen.choose (0, 8))) (fun (layout, chosen) ->
            let length = Layout.length layout
            let changed = chosen % length
            let tokens = tokensOf length
            let before = run network layout tokens

            let after =
                run network layout (tokens |> Array.mapi (fun i token -> if i = changed then 39 - token else token))

            for position in 0 .. length - 1 do
                if layout.Group[position] <= layout.Group[changed] then
                    Expect.equal
                        after.Query[position]
                        before.Query[position]
                        $"position {position}, token {changed} changed")
    }

let private noGradient (name, architecture) =
    test $"5. the gradient of the query logits of group k by a token of group >= k is zero: {name}" {
        let network = network architecture

        check 30 (Gen.zip layouts (Gen.choose (0, 8))) (fun (layout, chosen) ->
            let length = Layout.length layout
            let predicted = chosen % length
            let embedding = network.Weights.Embedding.detach().clone().requires_grad_()

            let weights =
                { network.Weights with
                    Embedding = embedding
                }

            let tokens = tokensOf length
            let input = torch.tensor(tokens |> Array.map int64).unsqueeze 0

            let streams =
                TwoStream.forward architecture weights (CompiledMask.layouts torch.CPU [| layout |]) input

            let logits = TwoStream.logits architecture weights streams.Query.Value
            (logits.select (1, predicted) |> fun row -> row * row).sum().backward()
            let gradient = embedding.grad |> Option.ofObj |> Option.get |> floats |> rowsOf 40

            for position in 0 .. length - 1 do
                if layout.Group[position] >= layout.Group[predicted] then
                    Expect.all gradient[tokens[position]] ((=) 0.0) $"token {position} on position {predicted}")
    }

let private causal =
    test "8. singletons left to right through the content stream = plain causal LLaMA" {
        let network = network base'

        let plain =
            { network with
                Architecture =
                    { base' with
                        QueryStream = QueryStream.Absent
                    }
                Weights =
                    { network.Weights with
                        QueryEmbedding = None
                    }
            }

        let length = 9
        let tokens = tokensOf length

        let leftToRight count =
            Partition.ofRanks 0 [| 0 .. count - 1 |] |> Layout.ofPartition

        let both = run network (leftToRight length) tokens
        let alone = run plain (leftToRight length) tokens
        Expect.isLessThan (largestDifference both.Content alone.Content) 1e-5 "with and without a query stream"

        for count in 1..length do
            let prefix = run plain (leftToRight count) (Array.truncate count tokens)

            Expect.isLessThan
                (largestDifference [| Array.last prefix.Content |] [| both.Content[count - 1] |])
                1e-5
                $"prefix of {count}"
    }

let private causalQueries =
    test "8. queries that start from the token before compute left to right what a plain causal LLaMA does" {
        let network = network preceding
        let length = 9

        let streams =
            run network (Partition.ofRanks 0 [| 0 .. length - 1 |] |> Layout.ofPartition) (tokensOf length)

        Expect.isLessThan
            (largestDifference (Array.tail streams.Query) (Array.truncate (length - 1) streams.Content))
            1e-5
            "the query of a position and the content of the one before"
    }

let private cached (name, architecture) =
    test $"9. cached forward = uncached forward, any grouping: {name}" {
        let network = network architecture

        check 12 (Gen.arrayOfLength 9 (Gen.choose (0, 4))) (fun ranks ->
            use _ = torch.no_grad ()
            let partition = Partition.ofRanks 0 ranks
            let tokens = tokensOf ranks.Length
            let layout = Layout.ofPartition partition
            let expected = run network layout tokens
            use cache = new Cache(architecture, ranks.Length, torch.float32, torch.CPU)

            for group in Partition.groups partition do
                let row (values: int seq) =
                    torch.tensor(values |> Seq.map int64 |> Array.ofSeq).unsqueeze 0

                let pass (content: int[]) (queries: int[]) =
                    let token position = tokens[position]

                    let preceding position =
                        if Mask.seesPreceding layout position then
                            token (position - 1)
                        else
                            -1

                    let rows =
                        {
                            Tokens = row (Seq.map token content)
                            Positions = row content
                            QueryPositions = row queries
                            Preceding = row (Seq.map preceding queries)
                        }

                    let sequence =
                        {
                            Cache = cache
                            Content = content.Length
                            Queries = queries.Length
                            Mask = None
                        }

                    let hidden = Cached.forward architecture network.Weights [| sequence |] rows

                    TwoStream.logits architecture network.Weights hidden
                    |> floats
                    |> rowsOf group.Length

                let queries = pass [||] group
                let content = pass group [||]

                let at (logits: float[][]) =
                    group |> Array.map (fun position -> logits[position])

                Expect.isLessThan (largestDifference (at expected.Query) queries) 1e-4 "query stream"
                Expect.isLessThan (largestDifference (at expected.Content) content) 1e-4 "content stream")
    }

let private blind =
    test "a first group without evidence is blind: one finite distribution for all its positions" {
        let result =
            run (network base') (Layout.ofPartition (Partition.ofRanks 0 [| 0; 0; 1; 0 |])) (tokensOf 4)

        Expect.all result.Query[0] System.Double.IsFinite "finite"
        Expect.equal result.Query[1] result.Query[0] "position 1"
        Expect.equal result.Query[3] result.Query[0] "position 3"
        Expect.notEqual result.Query[2] result.Query[0] "position 2 has seen the first group"
    }

/// Laws of the tensor layer; torch's thread pool is process-wide, so they run one after another.
let tests =
    testSequenced
    <| testList
        "tensors"
        [
            compiledMask
            seesPreceding
            seesAllBefore
            yield! architectures |> List.map oracle
            yield! queryStarts |> List.map noLeak
            yield! queryStarts |> List.map noGradient
            causal
            causalQueries
            yield! architectures |> List.map cached
            blind
        ]
