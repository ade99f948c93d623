namespace A3.Tensors

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

    /// A value cut off from the graph it comes from; gradients towards it are wanted where it is to learn.
    let private leaf learns (x: torch.Tensor) = x.detach().requires_grad_ learns

    /// A block that has been run, and what it holds for its way back: graphs between parts that have ways back of their own.
    type private Step =
        {
            Block: Block
            Input: torch.Tensor
            Norm1: Traced
            /// The graph of the heads begins here.
            Normed1: torch.Tensor
            /// Queries, keys and values.
            Heads: torch.Tensor list
            Attention: Traced
            /// The graph of the join begins here and at the input.
            Mixed: torch.Tensor
            Joined: torch.Tensor
            Norm2: Traced
            /// The graph of the MLP begins here.
            Normed2: torch.Tensor
            /// By the MLP.
            Added: torch.Tensor
            Output: torch.Tensor
        }

    let private tensorsOf (step: Step) =
        [
            step.Input
            step.Normed1
            yield! step.Heads
            step.Mixed
            step.Joined
            step.Normed2
            step.Added
            step.Output

            for traced in [ step.Norm1; step.Attention; step.Norm2 ] do
                yield! traced.Kept
        ]

    let private anyLearns (tensors: torch.Tensor list) = tensors |> List.exists _.requires_grad

    /// Runs a block, whose temporaries are gone behind it, but for what the way back needs; `learns` is whether anything before it does.
    let private keep learns (x: torch.Tensor) (block: Block) =
        use scope = torch.NewDisposeScope()
        let input = leaf learns x
        let norm1 = Norm.trace block.Norm1 input
        let normed1 = leaf (anyLearns [ input; block.Norm1.Gain ]) norm1.Value
        let queries, keys, values = block.Heads normed1
        let heads = [ queries; keys; values ]
        let attention = block.Attention.Trace queries keys values
        let mixed = leaf (anyLearns heads) attention.Value
        let joined = block.Join input mixed
        let norm2 = Norm.trace block.Norm2 joined
        let normed2 = leaf (anyLearns [ joined; block.Norm2.Gain ]) norm2.Value
        let added = block.Mlp normed2

        let step =
            {
                Block = block
                Input = input
                Norm1 = norm1
                Normed1 = normed1
                Heads = heads
                Attention = attention
                Mixed = mixed
                Joined = joined
                Norm2 = norm2
                Normed2 = normed2
                Added = added
                Output = added.detach () |> Numbers.add ((Block.residual block joined normed2).detach())
            }

        for tensor in tensorsOf step do
            scope.MoveToOuter tensor |> ignore

        step

    /// What comes out of a block, bit for bit as if all were kept.
    let private outputOf learns x block =
        use _ = torch.no_grad ()
        let step = keep learns x block

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

    /// Gradients with that of a value carried back through the part that gave it, to those of its inputs which learn.
    let private through (traced: Traced) (value: torch.Tensor) (inputs: torch.Tensor list) gradients : Gradients =
        match taken value gradients with
        | Some gradient, others when anyLearns inputs ->
            (List.zip inputs (traced.Back gradient)
             |> List.filter (fun (input, _) -> input.requires_grad))
            @ others
        | _, others -> others

    /// Gradients with those of some tensors carried back through the graph they were made by, to its beginnings which learn.
    let private throughGraph (made: torch.Tensor list) beginnings (gradients: Gradients) : Gradients =
        let isMade (tensor: torch.Tensor, _) =
            made |> List.exists (fun other -> obj.ReferenceEquals(other, tensor))

        let own, others = gradients |> List.partition isMade
        towards beginnings own @ others

    /// From the gradient towards what came out of a block to that towards what went in, if anything before learns, and those towards its
    /// weights. What the block held is gone.
    let private back (step: Step) gradient =
        use scope = torch.NewDisposeScope()
        let block = step.Block

        let toInput, toWeights =
            [
                step.Added, gradient
                Block.residual block step.Joined step.Normed2, gradient
            ]
            |> throughGraph [ step.Added ] (step.Normed2 :: block.MlpWeights)
            |> through step.Norm2 step.Normed2 [ step.Joined; block.Norm2.Gain ]
            |> throughGraph [ step.Joined ] (step.Input :: step.Mixed :: block.JoinWeights)
            |> through step.Attention step.Mixed step.Heads
            |> throughGraph step.Heads (step.Normed1 :: block.HeadWeights)
            |> through step.Norm1 step.Normed1 [ step.Input; block.Norm1.Gain ]
            |> taken step.Input

        for gradient in Option.toList toInput @ List.map snd toWeights do
            scope.MoveToOuter gradient |> ignore

        for tensor in tensorsOf step do
            tensor.Dispose()

        toInput, toWeights

    let private learns (block: Block) = anyLearns (Block.weights block)

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
                (fun () -> keep before x block), outputOf before x block
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
