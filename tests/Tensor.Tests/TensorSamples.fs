/// Networks in both forms, tensors and numbers for the oracle, and sequences for them.
module A3.Tensor.Tests.TensorSamples

open A3.Model
open A3.Tensors
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp


Native.ensure ()

/// One network in both forms: tensors, and numbers by name for the oracle.
type Network =
    {
        Architecture: Architecture
        Weights: Weights
        Number: string -> float[]
    }

let base' =
    { Architecture.create 40 16 2 4 64 with
        MlpWidth = 24
        TiedHead = false
    }

/// Queries that start from the token before them, where they may see it.
let preceding =
    { base' with
        QueryStream = QueryStream.Preceding
    }

/// Every choice an architecture offers, at toy size.
let architectures =
    [
        "pre_norm", base'
        "reference residual",
        { base' with
            Residual = Residual.Reference
        }
        "grouped-query attention", { base' with KvHeads = 2 }
        "one KV head, tied",
        { base' with
            KvHeads = 1
            TiedHead = true
        }
        "llama3 RoPE",
        { base' with
            RopeScaling = RopeScaling.Llama3(8.0, 1.0, 4.0, 16)
        }
        "linear RoPE",
        { base' with
            RopeScaling = RopeScaling.Linear 4.0
        }
        "wide heads", { base' with HeadWidth = 10 }
        "queries that start from the token before", preceding
    ]

/// Weights somewhat larger than at the start of training, so that a wrong sign or slot shows.
let network architecture =
    let flat = Weights.initialise architecture 5L
    flat.mul_ (1.5.ToScalar()) |> ignore
    let numbers = flat.data<float32>().ToArray()

    let places =
        Weights.flatLayout architecture
        |> List.map (fun (parameter, offset) -> parameter.Name, (int offset, parameter.Shape |> List.fold (*) 1))
        |> Map.ofList

    let number name =
        let start, count = places[name]
        Array.sub numbers start count |> Array.map float

    {
        Architecture = architecture
        Weights = Weights.ofFlat architecture flat
        Number = number
    }

let floats (tensor: torch.Tensor) =
    tensor.contiguous().to_type(torch.float32).data<float32>().ToArray()
    |> Array.map float

let rowsOf count values =
    values |> Array.chunkBySize (Array.length values / count)

/// Query and content logits of one sequence, [position][vocabulary], by tensors.
let run network (layout: Layout) (tokens: int[]) : OracleLogits =
    use _ = torch.no_grad ()
    let layouts = CompiledMask.layouts torch.CPU [| layout |]
    let input = torch.tensor(tokens |> Array.map int64).unsqueeze 0
    let streams = TwoStream.forward network.Architecture network.Weights layouts input

    let logits hidden =
        TwoStream.logits network.Architecture network.Weights hidden
        |> floats
        |> rowsOf tokens.Length

    {
        Query = streams.Query |> Option.map logits |> Option.defaultValue [||]
        Content = logits streams.Content
    }

let largestDifference (left: float[][]) (right: float[][]) =
    Array.map2 (Array.map2 (fun x y -> abs (x - y))) left right
    |> Array.concat
    |> Array.fold max 0.0

/// A sequence of a length under random groups, some of it padding, in up to two documents.
let layoutsOf length : Gen<Layout> =
    gen {
        let! groups = Gen.arrayOfLength length (Gen.choose (0, 4))
        let! padded = Gen.choose (0, length - 1)
        let! border = Gen.choose (0, length)

        return
            {
                Group = groups
                Padding = Array.init length (fun position -> position >= length - padded)
                Document = Array.init length (fun position -> if position < border then 0 else 1)
            }
    }

let layouts = Gen.choose (1, 9) >>= layoutsOf

let check cases generator property =
    Check.One(Config.QuickThrowOnFailure.WithMaxTest cases, Prop.forAll (Arb.fromGen generator) property)

let tokensOf length =
    Array.init length (fun position -> (position * 7 + 3) % 40)
