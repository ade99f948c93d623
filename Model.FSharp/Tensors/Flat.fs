namespace A3.Tensors

open A3.Model
open TorchSharp

/// Parameters laid behind one another in one vector, those that decay first: its gradient is one tensor, weight decay is one
/// operation on its front, and an optimizer step a handful of them, whatever the number of layers.
[<RequireQualifiedAccess>]
module Flat =

    let private ordered (parameters: Parameter list) =
        parameters |> List.sortBy (fun parameter -> not parameter.Decays)

    let private size (parameter: Parameter) =
        parameter.Shape |> List.fold (fun size side -> size * int64 side) 1L

    /// Numbers in all.
    let count parameters = parameters |> List.sumBy size

    /// How many numbers at the front decay.
    let decaying (parameters: Parameter list) =
        parameters |> List.filter _.Decays |> count

    /// Every parameter with its offset.
    let layout parameters =
        let ordered = ordered parameters

        let offsets =
            ordered |> List.scan (fun offset parameter -> offset + size parameter) 0L

        List.zip ordered (offsets |> List.take ordered.Length)

    /// The parameters by name, as views of the vector; gradients flow through one split.
    let views parameters (flat: torch.Tensor) =
        let ordered = ordered parameters
        let pieces = flat.split (ordered |> List.map size |> Array.ofList)

        List.zip ordered (List.ofArray pieces)
        |> List.map (fun (parameter, piece) ->
            parameter.Name, piece.view (parameter.Shape |> List.map int64 |> Array.ofList))
        |> Map.ofList

    /// Fresh numbers, float32: normal draws of the seed as each parameter asks, scales at 1.
    let initialise parameters (seed: int64) =
        Native.ensure ()
        use generator = new torch.Generator(uint64 seed, torch.CPU)
        let flat = torch.empty (count parameters, dtype = torch.float32)

        for parameter, offset in layout parameters do
            use piece = flat.narrow (0L, offset, size parameter)

            match parameter.Initialisation with
            | Initialisation.Ones -> piece |> Numbers.fill 1.0
            | Initialisation.Normal deviation -> piece.normal_ (0.0, deviation, generator) |> ignore

        flat
