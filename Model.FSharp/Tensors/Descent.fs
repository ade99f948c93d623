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

    /// A block that has been run, and what it holds for its way back: the graphs before and behind its attention.
    type private Step =
        {
            Block: Block
            Input: torch.Tensor
            /// Queries, keys and values.
            Heads: torch.Tensor list
            Attended: Attended
            Mixed: torch.Tensor
            Output: torch.Tensor
        }

    let private tensorsOf (step: Step) =
        step.Input :: step.Mixed :: step.Output :: step.Heads @ step.Attended.Kept

    /// Runs a block, whose temporaries are gone behind it, but for what the way back needs; `learns` is whether anything before it does.
    let private keep learns (x: torch.Tensor) (block: Block) =
        use scope = torch.NewDisposeScope()
        let input = x.detach().requires_grad_ learns
        let queries, keys, values = block.Heads input
        let heads = [ queries; keys; values ]
        let attended = block.Attention.Descend queries keys values

        let mixed =
            attended.Mixed.detach().requires_grad_(heads |> List.exists _.requires_grad)

        let step =
            {
                Block = block
                Input = input
                Heads = heads
                Attended = attended
                Mixed = mixed
                Output = block.Close input mixed
            }

        for tensor in tensorsOf step do
            scope.MoveToOuter tensor |> ignore

        step

    /// The gradients of a tensor among others, summed, and the others.
    let private taken tensor (gradients: Gradients) =
        let own, others =
            gradients
            |> List.partition (fun (other, _) -> obj.ReferenceEquals(other, tensor))

        match own with
        | [] -> None, others
        | own -> Some(own |> List.map snd |> List.reduce Numbers.add), others

    /// From the gradient towards what came out of a block to that towards what went in, if anything before learns, and those towards its
    /// weights. What the block held is gone.
    let private back (step: Step) gradient =
        use scope = torch.NewDisposeScope()

        let toMixed, closing =
            [ step.Output, gradient ]
            |> towards (step.Mixed :: step.Input :: step.Block.CloseWeights)
            |> taken step.Mixed

        let opening =
            match toMixed with
            | None -> []
            | Some gradient ->
                List.zip step.Heads (step.Attended.Back gradient)
                |> towards (step.Input :: step.Block.HeadWeights)

        let toInput, toWeights = closing @ opening |> taken step.Input

        for gradient in Option.toList toInput @ List.map snd toWeights do
            scope.MoveToOuter gradient |> ignore

        for tensor in tensorsOf step do
            tensor.Dispose()

        toInput, toWeights

    let private learns (block: Block) =
        block.HeadWeights @ block.CloseWeights |> List.exists _.requires_grad

    /// Blocks, each with whether anything before it learns.
    let private blocks (stack: Stack) =
        stack.Blocks
        |> Array.mapFold (fun before block -> (before, block), before || learns block) stack.Rows.requires_grad
        |> fst

    /// Hidden states behind all blocks, and how a gradient towards them is carried back to what learns: the rows of the stack and weights.
    /// With `recompute` only what goes into each block is kept, which is run once more on the way back: a third more arithmetic, for the
    /// memory of one block in place of all of them.
    let run recompute (stack: Stack) : torch.Tensor * (torch.Tensor -> Gradients) =
        let step x (before, block: Block) =
            if recompute then
                let output = using (torch.no_grad ()) (fun _ -> TwoStream.step x block)
                (fun () -> keep before x block), output
            else
                let step = keep before x block
                (fun () -> step), step.Output

        let steps, hidden = blocks stack |> Array.mapFold step stack.Rows

        let carryBack reopen (gradient, found: Gradients) =
            match gradient with
            | None -> None, found
            | Some gradient ->
                let toInput, toWeights = back (reopen ()) gradient
                toInput, toWeights @ found

        let carryBack gradient : Gradients =
            match Array.foldBack carryBack steps (Some gradient, []) with
            | Some gradient, found -> (stack.Rows, gradient) :: found
            | None, found -> found

        hidden.detach().requires_grad_(), carryBack
