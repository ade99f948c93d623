module A3.Tensor.Tests.ObjectiveLaws

open A3.Model
open A3.Tensors
open A3.Tensor.Tests.TensorSamples
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp

/// The losses of one sequence left to right, and the NLLs of its tokens behind the first, by stream, from the oracle.
let private lossesAndSurprisals weights =
    let network = network base'
    let tokens = tokensOf 7
    let layout = Partition.ofRanks 1 [| 0..6 |] |> Layout.ofPartition

    let losses =
        Objective.losses
            network.Architecture
            network.Weights
            {
                Tokens = torch.tensor(tokens |> Array.map int64).unsqueeze 0
                Layouts = CompiledMask.layouts torch.CPU [| layout |]
                Rows = StreamRows.choose torch.CPU torch.float32 [| layout |] [| 1L .. 6L |] [| 0L .. 5L |]
                Targets = torch.tensor [| 1L .. 6L |]
                TargetWeights =
                    weights
                    |> Option.map (fun (weights: float32[]) -> torch.tensor (Array.skip 1 weights))
                TotalWeight =
                    weights
                    |> Option.map (Array.skip 1 >> Array.sum >> float)
                    |> Option.defaultValue 6.0
                CausalTargets = Some(torch.tensor [| 0L .. 5L |])
            }

    let nll (logits: float[]) token =
        (logits |> Array.sumBy exp |> log) - logits[token]

    let expected = Oracle.forward network.Architecture network.Number layout tokens

    let of' rows =
        Array.map2 nll rows (Array.skip 1 tokens)

    losses, of' (Array.skip 1 expected.Query), of' (Array.truncate 6 expected.Content)

let private objective =
    test "the losses of both streams = mean NLLs by the float64 oracle" {
        let losses, query, content = lossesAndSurprisals None
        Expect.floatClose Accuracy.medium (losses.Query.ToDouble()) (Array.average query) "query stream"
        Expect.floatClose Accuracy.medium (losses.Content.Value.ToDouble()) (Array.average content) "content stream"
    }

let private weighted =
    test "the loss of weighted targets = the weighted mean of their NLLs; the content stream counts each once" {
        let weights = [| 9.0f; 1.0f; 2.0f; 0.5f; 3.0f; 0.0f; 1.0f |]
        let losses, query, content = lossesAndSurprisals (Some weights)
        let weights = weights |> Array.skip 1 |> Array.map float

        let mean = Array.sum (Array.map2 (*) weights query) / Array.sum weights

        Expect.floatClose Accuracy.medium (losses.Query.ToDouble()) mean "query stream"
        Expect.floatClose Accuracy.medium (losses.Content.Value.ToDouble()) (Array.average content) "content stream"
    }

/// Sequences of one length under layouts of their own, and the places, by chance, that the query stream and the content stream predict
/// from.
let private batches: Gen<Layout[] * int64[] * int64[]> =
    gen {
        let! length = Gen.choose (1, 9)
        let! sequences = Gen.choose (1, 3)

        let! layouts = layoutsOf length |> Gen.arrayOfLength sequences

        let! bits = Gen.arrayOfLength (sequences * length) (Gen.elements [ true; false ])

        let places chosen =
            [|
                for place in 0 .. sequences * length - 1 do
                    if chosen place && not layouts[place / length].Padding[place % length] then
                        int64 place
            |]

        let targets, causal =
            places (Array.get bits), places (fun place -> place % length < length - 1 && bits[place + 1])

        return layouts, targets, causal
    }

let private neededRows (name, architecture) =
    test $"the rows that a loss needs, over spans or masks, give what all rows give, loss and gradient: {name}" {
        let network = network architecture

        check 20 batches (fun (layouts, targets, causal) ->
            let length = Layout.length layouts[0]

            let tokens =
                torch.tensor(tokensOf (layouts.Length * length) |> Array.map int64).view(layouts.LongLength, -1L)

            let flat = Weights.initialise architecture 3L

            let lossAndGradient recompute (rows: StreamRows) =
                let leaf = flat.detach().clone().requires_grad_()

                let loss, gradient =
                    Objective.valueAndGrad
                        recompute
                        architecture
                        (Weights.ofFlat architecture leaf)
                        None
                        leaf
                        { Query = 1.0; Content = 0.5 }
                        {
                            Tokens = tokens
                            Layouts = CompiledMask.layouts torch.CPU layouts
                            Rows = rows
                            Targets = torch.tensor targets
                            TargetWeights = None
                            TotalWeight = float targets.Length
                            CausalTargets =
                                if causal.Length = 0 then
                                    None
                                else
                                    Some(torch.tensor causal)
                        }

                loss.item<float32>(), gradient

            let all =
                StreamRows.all layouts.LongLength (int64 length) (torch.tensor targets) (torch.tensor causal) torch.CPU

            let expected, expectedGradient = lossAndGradient false all
            let needed = StreamRows.needed 1 layouts targets causal
            let filled = StreamRows.needed 4 layouts targets causal

            for rows, recompute in
                [
                    needed, false
                    needed, true
                    StreamRows.masked needed, false
                    filled, false
                    StreamRows.masked filled, false
                ] do
                let actual, actualGradient = lossAndGradient recompute rows
                Expect.floatClose Accuracy.medium (float actual) (float expected) "loss"
                let difference = (actualGradient - expectedGradient).abs().max().item<float32>()
                let largest = expectedGradient.abs().max().item<float32>()
                Expect.isLessThan difference (1e-4f * max 1f largest) "gradient")
    }

let private plain =
    test "a plain causal step is the content stream of groups left to right, loss and gradient" {
        let length, sequences = 9, 3
        let layout = Partition.ofRanks 0 [| 0 .. length - 1 |] |> Layout.ofPartition
        let layouts = Array.replicate sequences layout

        let places =
            [|
                for place in 0 .. sequences * length - 1 do
                    if place % length < length - 1 then
                        int64 place
            |]

        let tokens =
            torch.tensor(tokensOf (sequences * length) |> Array.map int64).view(int64 sequences, -1L)

        let leaf () =
            (Weights.initialise base' 3L).requires_grad_()

        let whole, alone = leaf (), leaf ()

        let expected, expectedGradient =
            Objective.valueAndGrad
                false
                base'
                (Weights.ofFlat base' whole)
                None
                whole
                { Query = 0.0; Content = 0.5 }
                {
                    Tokens = tokens
                    Layouts = CompiledMask.layouts torch.CPU layouts
                    Rows = StreamRows.masked (StreamRows.needed 1 layouts [||] places)
                    Targets = torch.tensor Array.empty<int64>
                    TargetWeights = None
                    TotalWeight = 1.0
                    CausalTargets = Some(torch.tensor places)
                }

        let actual, gradient =
            Objective.valueAndGradCausal base' (Weights.ofFlat base' alone) alone 0.5 tokens (torch.tensor places)

        Expect.floatClose Accuracy.medium (float (actual.item<float32>())) (float (expected.item<float32>())) "loss"
        let largest = expectedGradient.abs().max().item<float32>()

        Expect.isLessThan
            ((gradient - expectedGradient).abs().max().item<float32>())
            (1e-4f * max 1f largest)
            "gradient"
    }

let private recurring =
    test "numbers of rows recur where libtorch compiles products for each, and lose no row" {
        check 100 (Gen.zip (Gen.choose (0, 3000)) (Gen.choose (1, 1024))) (fun (count, most) ->
            let pieces dtype =
                RowPadding.pieces torch.CPU dtype (int64 most) (int64 count)

            for dtype in [ torch.float32; torch.bfloat16 ] do
                let ends = pieces dtype |> List.scan (fun _ (start, size) -> start + size) 0L

                Expect.equal (pieces dtype |> List.map fst) (List.take (ends.Length - 1) ends) "one behind the other"
                Expect.equal (List.last ends) (int64 count) "all rows"
                Expect.all (pieces dtype) (fun (_, size) -> 0L < size && size <= int64 most) "at most"

            let halves =
                int64 most
                |> List.unfold (fun size -> if size > 64L then Some(size, size / 2L) else None)

            Expect.all
                (pieces torch.bfloat16 |> List.map snd)
                (fun size -> size <= 64L || List.contains size halves)
                "sizes that recur")
    }

let private filled =
    test "rows are filled up to a multiple, as far as there are rows" {
        check 100 (Gen.zip batches (Gen.choose (1, 9))) (fun ((layouts, targets, causal), multiple) ->
            let all = layouts.Length * Layout.length layouts[0]
            let needed = StreamRows.needed 1 layouts targets causal
            let rows = StreamRows.needed multiple layouts targets causal

            for needed, filled in [ needed.Content, rows.Content; needed.Query, rows.Query ] do
                let needed, filled = int needed.shape[0], int filled.shape[0]
                Expect.equal filled (min all ((needed + multiple - 1) / multiple * multiple)) "rows")
    }

/// Torch's thread pool is process-wide, so they run one after another.
let tests =
    testList
        "objective"
        [
            objective
            weighted
            plain
            recurring
            filled
            yield! List.map neededRows architectures
        ]
    |> testSequenced
