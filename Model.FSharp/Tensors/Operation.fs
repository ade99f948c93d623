namespace A3.Tensors

open TorchSharp

/// A differentiable operation that was run: its output, cut off from libtorch's graphs, and its own backward pass.
type Operation =
    {
        Output: torch.Tensor
        /// Tensors that the backward pass reads.
        Saved: torch.Tensor list
        /// From the gradient towards the output to those towards the inputs, in their order.
        Backward: torch.Tensor -> torch.Tensor list
    }

[<RequireQualifiedAccess>]
module Operation =

    /// A function of tensors that libtorch differentiates, cut off from the graphs of these.
    let byLibtorch (make: torch.Tensor list -> torch.Tensor) (inputs: torch.Tensor list) =
        let requiresGrad = inputs |> List.exists _.requires_grad

        let inputs =
            inputs |> List.map (fun input -> input.detach().requires_grad_ requiresGrad)

        let output = make inputs

        {
            Output = output.detach ()
            Saved = output :: inputs
            Backward =
                fun gradient ->
                    // No rows depend on nothing, which libtorch takes for an error.
                    if output.NumberOfElements = 0L then
                        inputs |> List.map torch.zeros_like
                    else
                        torch.autograd.grad (ResizeArray [ output ], ResizeArray inputs, ResizeArray [ gradient ])
                        |> List.ofSeq
        }
