module A3.Model.Tests.ObjectiveLaws

open A3.Model
open A3.Model.Tensors
open A3.Model.Tests.TensorSamples
open Expecto
open TorchSharp

/// The losses of one sequence left to right, and the surprisals of its tokens behind the first, by stream, from the oracle.
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

    let surprisal (logits: float[]) token =
        (logits |> Array.sumBy exp |> log) - logits[token]

    let expected = Oracle.forward network.Architecture network.Number layout tokens

    let of' rows =
        Array.map2 surprisal rows (Array.skip 1 tokens)

    losses, of' (Array.skip 1 expected.Query), of' (Array.truncate 6 expected.Content)

let private objective =
    test "the losses of both streams = mean surprisals by the float64 oracle" {
        let losses, query, content = lossesAndSurprisals None
        Expect.floatClose Accuracy.medium (losses.Query.ToDouble()) (Array.average query) "query stream"
        Expect.floatClose Accuracy.medium (losses.Content.Value.ToDouble()) (Array.average content) "content stream"
    }

let private weighted =
    test "the loss of weighted targets = the weighted mean of their surprisals; the content stream counts each once" {
        let weights = [| 9.0f; 1.0f; 2.0f; 0.5f; 3.0f; 0.0f; 1.0f |]
        let losses, query, content = lossesAndSurprisals (Some weights)
        let weights = weights |> Array.skip 1 |> Array.map float

        let mean = Array.sum (Array.map2 (*) weights query) / Array.sum weights

        Expect.floatClose Accuracy.medium (losses.Query.ToDouble()) mean "query stream"
        Expect.floatClose Accuracy.medium (losses.Content.Value.ToDouble()) (Array.average content) "content stream"
    }

/// Torch's thread pool is process-wide, so they run one after another.
let tests = testSequenced <| testList "objective" [ objective; weighted ]
