namespace A3.Model.Tensors

open TorchSharp
open type TorchSharp.torch.nn.functional

/// -log p of labels under the output projection, in nats, a few rows of logits at a time: at a vocabulary of 32,000 all logits of
/// a batch would take more memory than the rest of its step, and every pass over them would leave the cache.
/// `rows` are normed hidden states [row, width], `head` is [vocabulary, width], `labels` are int64 [row].
[<RequireQualifiedAccess>]
module CrossEntropy =

    /// Logits held at a time: 16 MB.
    let private heldNumbers = 1L <<< 22

    let private pieces (rows: torch.Tensor) (head: torch.Tensor) =
        let count = max 1L (heldNumbers / head.shape[0])

        [
            for start in 0L .. count .. rows.shape[0] - 1L -> start, min count (rows.shape[0] - start)
        ]

    let private logits (rows: torch.Tensor) head =
        linear(rows, head).to_type torch.float32

    /// -log p of each label, float32 [row]; differentiable.
    let surprisals (rows: torch.Tensor) head (labels: torch.Tensor) =
        match pieces rows head with
        | [] -> torch.zeros (0L, dtype = torch.float32, device = rows.device)
        | pieces ->
            pieces
            |> List.map (fun (start, count) ->
                cross_entropy (
                    logits (rows.narrow (0, start, count)) head,
                    labels.narrow (0, start, count),
                    reduction = torch.nn.Reduction.None
                ))
            |> Array.ofList
            |> torch.cat

    /// d (sum of factor * -log p) / d logits of a piece, written over the log-probabilities it is given: factor * (p - 1 at label).
    let private slope (logProbabilities: torch.Tensor) (labels: torch.Tensor) (factors: torch.Tensor) =
        let minusOne = torch.ones_like(factors).neg()
        logProbabilities.exp_().scatter_add_(1, labels, minusOne).mul_ factors

    /// Adds left^T right to a float32 sum.
    let private addProduct (left: torch.Tensor) (right: torch.Tensor) (sum: torch.Tensor) =
        if right.dtype = torch.float32 then
            sum.addmm_ (left.t (), right, 1.0f, 1.0f) |> ignore
        else
            use one = (1).ToScalar()
            sum.add_ (left.t().mm(right).to_type torch.float32, one) |> ignore

    /// -log p of each label, float32 [row], and the gradient of the sum of `factors` ([row]) times these: towards the rows, [row,
    /// width], and added to `headGradient` (float32 [vocabulary, width]) where one is given. Equal to autograd on `surprisals`, in
    /// fewer passes over the logits and without keeping them.
    let descend (rows: torch.Tensor) (head: torch.Tensor) (labels: torch.Tensor) (factors: torch.Tensor) headGradient =
        use _ = torch.no_grad ()

        let surprisals =
            torch.empty (rows.shape[0], dtype = torch.float32, device = rows.device)

        let gradient = torch.empty_like rows

        for start, count in pieces rows head do
            use _ = torch.NewDisposeScope()
            let rows = rows.narrow (0, start, count)
            let labels = labels.narrow(0, start, count).unsqueeze 1
            let logProbabilities = (logits rows head).log_softmax -1L

            surprisals.narrow(0, start, count).copy_(logProbabilities.gather(1, labels).squeeze(1).neg())
            |> ignore

            let slope =
                (slope logProbabilities labels (factors.narrow(0, start, count).unsqueeze 1)).to_type rows.dtype

            gradient.narrow(0, start, count).copy_(slope.mm head) |> ignore
            headGradient |> Option.iter (addProduct slope rows)

        surprisals, gradient
