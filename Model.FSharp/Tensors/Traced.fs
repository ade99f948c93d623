namespace A3.Tensors

open TorchSharp

/// What a part of a pass gave, and the way back that is not libtorch's: from the gradient towards it to those towards what it was made of,
/// in their order. `Kept` are the tensors that it needs for this.
type Traced =
    {
        Value: torch.Tensor
        Kept: torch.Tensor list
        Back: torch.Tensor -> torch.Tensor list
    }

[<RequireQualifiedAccess>]
module Traced =

    /// A function of tensors that libtorch differentiates, cut off from the graphs of these.
    let byLibtorch (make: torch.Tensor list -> torch.Tensor) (inputs: torch.Tensor list) =
        let learns = inputs |> List.exists _.requires_grad

        let inputs = inputs |> List.map (fun input -> input.detach().requires_grad_ learns)

        let value = make inputs

        {
            Value = value.detach ()
            Kept = value :: inputs
            Back =
                fun gradient ->
                    // No rows depend on nothing, which libtorch takes for an error.
                    if value.NumberOfElements = 0L then
                        inputs |> List.map torch.zeros_like
                    else
                        torch.autograd.grad (ResizeArray [ value ], ResizeArray inputs, ResizeArray [ gradient ])
                        |> List.ofSeq
        }
