namespace A3.Model.Tensors

open TorchSharp

/// Gradients by tensor: what a scalar that depends on the tensor grows by.
type Gradients = (torch.Tensor * torch.Tensor) list

/// The way back through a stack of blocks.
[<RequireQualifiedAccess>]
module Descent =

    /// Gradients carried from tensors back to others they were made of, which must be among their makers; those that nothing
    /// trains are left out on both sides.
    let towards (inputs: torch.Tensor list) (gradients: Gradients) : Gradients =
        let outputs = gradients |> List.filter (fun (tensor, _) -> tensor.requires_grad)
        let inputs = inputs |> List.filter _.requires_grad

        if outputs.IsEmpty || inputs.IsEmpty then
            []
        else
            torch.autograd.grad (
                outputs |> List.map fst |> ResizeArray,
                ResizeArray inputs,
                outputs |> List.map snd |> ResizeArray
            )
            |> List.ofSeq
            |> List.zip inputs

    /// A block whose temporaries are gone behind it, but for what the way back needs.
    let private step x (block: Block) =
        use scope = torch.NewDisposeScope()
        block.Run x |> scope.MoveToOuter

    let private gradientOf (tensor: torch.Tensor) (gradients: Gradients) =
        gradients
        |> List.tryFind (fun (other, _) -> obj.ReferenceEquals(other, tensor))
        |> Option.map snd

    /// Hidden states behind all blocks, keeping only what goes into each: gradients are carried back by running a block once
    /// more. A third more arithmetic, for the memory of one block in place of all of them.
    let private recomputed (stack: Stack) =
        let inputs, hidden =
            using (torch.no_grad ()) (fun _ ->
                stack.Blocks |> Array.mapFold (fun x block -> x, step x block) stack.Rows)

        let carryBack (block: Block, input: torch.Tensor) (gradient, found: Gradients) =
            use scope = torch.NewDisposeScope()
            let input = input.detach().requires_grad_()

            let gradients = [ block.Run input, gradient ] |> towards (input :: block.Weights)

            for _, gradient in gradients do
                scope.MoveToOuter gradient |> ignore

            (gradientOf input gradients).Value, gradients.Tail @ found

        let back gradient =
            let toRows, gradients =
                Array.foldBack carryBack (Array.zip stack.Blocks inputs) (gradient, [])

            (stack.Rows, toRows) :: gradients

        hidden.detach().requires_grad_(), back

    /// Hidden states behind all blocks, and how a gradient towards them is carried back to tensors in the graph.
    let run recompute (stack: Stack) : torch.Tensor * (torch.Tensor -> Gradients) =
        if recompute then
            recomputed stack
        else
            let hidden = stack.Blocks |> Array.fold step stack.Rows
            hidden, (fun gradient -> [ hidden, gradient ])
