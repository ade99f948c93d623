namespace A3.Tensors

open TorchSharp

/// Gradients by tensor: what a scalar that depends on the tensor grows by.
type Gradients = (torch.Tensor * torch.Tensor) list

/// The backward pass through a stack of blocks.
[<RequireQualifiedAccess>]
module Backpropagation =

    /// From gradients towards tensors to those towards inputs that they were computed from, by libtorch's graph; what requires no gradient is
    /// left out on both sides.
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

    /// A value cut off from the graph it comes from; gradients towards it are wanted where it requires one.
    let private leaf requiresGrad (x: torch.Tensor) = x.detach().requires_grad_ requiresGrad

    /// A block that has been run, and what it saved for its backward pass: graphs between operations that have backward passes of their own.
    type private Step =
        {
            Block: Block
            Input: torch.Tensor
            Norm1: Operation
            /// The graph of the heads begins here.
            Normalised1: torch.Tensor
            /// Queries, keys and values.
            Heads: torch.Tensor list
            Attention: Operation
            /// The graph of the residual sum begins here and at the input.
            Attended: torch.Tensor
            Joined: torch.Tensor
            Norm2: Operation
            /// The graph of the MLP begins here.
            Normalised2: torch.Tensor
            /// By the MLP.
            Added: torch.Tensor
            Output: torch.Tensor
        }

    let private tensorsOf (step: Step) =
        [
            step.Input
            step.Normalised1
            yield! step.Heads
            step.Attended
            step.Joined
            step.Normalised2
            step.Added
            step.Output

            for operation in [ step.Norm1; step.Attention; step.Norm2 ] do
                yield! operation.Saved
        ]

    let private anyRequiresGrad (tensors: torch.Tensor list) = tensors |> List.exists _.requires_grad

    /// Runs a block; of its temporaries those stay that the backward pass needs.
    let private forward requiresGrad (x: torch.Tensor) (block: Block) =
        use scope = torch.NewDisposeScope()
        let input = leaf requiresGrad x
        let norm1 = Norm.run block.Norm1 input
        let normalised1 = leaf (anyRequiresGrad [ input; block.Norm1.Scales ]) norm1.Output
        let queries, keys, values = block.Heads normalised1
        let heads = [ queries; keys; values ]
        let attention = block.Attention.Run queries keys values
        let attended = leaf (anyRequiresGrad heads) attention.Output
        let joined = block.Join input attended
        let norm2 = Norm.run block.Norm2 joined
        let normalised2 = leaf (anyRequiresGrad [ joined; block.Norm2.Scales ]) norm2.Output
        let added = block.Mlp normalised2

        let step =
            {
                Block = block
                Input = input
                Norm1 = norm1
                Normalised1 = normalised1
                Heads = heads
                Attention = attention
                Attended = attended
                Joined = joined
                Norm2 = norm2
                Normalised2 = normalised2
                Added = added
                Output =
                    added.detach ()
                    |> Numbers.add ((Block.residual block joined normalised2).detach())
            }

        for tensor in tensorsOf step do
            scope.MoveToOuter tensor |> ignore

        step

    /// The output of a block alone, bit for bit that of `forward`.
    let private outputOf requiresGrad x block =
        use _ = torch.no_grad ()
        let step = forward requiresGrad x block

        for tensor in tensorsOf step do
            if not (obj.ReferenceEquals(tensor, step.Output)) then
                tensor.Dispose()

        step.Output

    /// The gradients of a tensor among others, summed, and the others.
    let private taken tensor (gradients: Gradients) =
        let own, others =
            gradients
            |> List.partition (fun (other, _) -> obj.ReferenceEquals(other, tensor))

        match own with
        | [] -> None, others
        | own -> Some(own |> List.map snd |> List.reduce Numbers.add), others

    /// Gradients with that of an operation's output replaced by those of its inputs that require one.
    let private through
        (operation: Operation)
        (output: torch.Tensor)
        (inputs: torch.Tensor list)
        gradients
        : Gradients =
        match taken output gradients with
        | Some gradient, others when anyRequiresGrad inputs ->
            (List.zip inputs (operation.Backward gradient)
             |> List.filter (fun (input, _) -> input.requires_grad))
            @ others
        | _, others -> others

    /// Gradients with those of some tensors replaced by those of the leaves of their graph that require one.
    let private throughGraph (computed: torch.Tensor list) leaves (gradients: Gradients) : Gradients =
        let isComputed (tensor: torch.Tensor, _) =
            computed |> List.exists (fun other -> obj.ReferenceEquals(other, tensor))

        let own, others = gradients |> List.partition isComputed
        towards leaves own @ others

    /// From the gradient towards the output of a block to that towards its input, if anything before requires one, and those towards its
    /// weights. What the block saved is disposed of.
    let private backward (step: Step) gradient =
        use scope = torch.NewDisposeScope()
        let block = step.Block

        let toInput, toWeights =
            [
                step.Added, gradient
                Block.residual block step.Joined step.Normalised2, gradient
            ]
            |> throughGraph [ step.Added ] (step.Normalised2 :: block.MlpWeights)
            |> through step.Norm2 step.Normalised2 [ step.Joined; block.Norm2.Scales ]
            |> throughGraph [ step.Joined ] (step.Input :: step.Attended :: block.JoinWeights)
            |> through step.Attention step.Attended step.Heads
            |> throughGraph step.Heads (step.Normalised1 :: block.HeadWeights)
            |> through step.Norm1 step.Normalised1 [ step.Input; block.Norm1.Scales ]
            |> taken step.Input

        for gradient in Option.toList toInput @ List.map snd toWeights do
            scope.MoveToOuter gradient |> ignore

        for tensor in tensorsOf step do
            tensor.Dispose()

        toInput, toWeights

    let private requiresGrad (block: Block) = anyRequiresGrad (Block.weights block)

    /// Blocks, each with whether anything before it requires a gradient.
    let private blocks (stack: Stack) =
        stack.Blocks
        |> Array.mapFold (fun before block -> (before, block), before || requiresGrad block) stack.Rows.requires_grad
        |> fst

    /// Hidden states behind all blocks, and the backward pass from a gradient towards them to those towards the rows of the stack and weights.
    /// With `recompute` (activation checkpointing) only the input of each block is saved, which is run once more in the backward pass: a
    /// third more arithmetic, for the memory of one block in place of all of them.
    let run recompute (stack: Stack) : torch.Tensor * (torch.Tensor -> Gradients) =
        let step x (before, block: Block) =
            if recompute then
                (fun () -> forward before x block), outputOf before x block
            else
                let step = forward before x block
                (fun () -> step), step.Output

        let steps, hidden = blocks stack |> Array.mapFold step stack.Rows

        let backpropagate reopen (gradient, found: Gradients) =
            match gradient with
            | None -> None, found
            | Some gradient ->
                let toInput, toWeights = backward (reopen ()) gradient
                toInput, toWeights @ found

        let backpropagate gradient : Gradients =
            match Array.foldBack backpropagate steps (Some gradient, []) with
            | Some gradient, found -> (stack.Rows, gradient) :: found
            | None, found -> found

        hidden.detach().requires_grad_(), backpropagate
