namespace A3.Tensors

open TorchSharp
open type TorchSharp.torch.nn.functional

/// What rows are to predict.
[<RequireQualifiedAccess>]
type Labels =
    /// Tokens, int64 [row].
    | Tokens of torch.Tensor
    /// What another network says: the softmax of its normalised hidden states [row, its width] under its output projection.
    | Distributions of rows: torch.Tensor * head: torch.Tensor

/// Cross-entropy of predictions under the output projection, in nats (-log p, where a row has one token to predict), a few rows of
/// logits at a time: at a vocabulary of 32,000 all logits of a batch would take more memory than the rest of its step, and every
/// pass over them would leave the cache. `rows` are normalised hidden states [row, width], `head` is [vocabulary, width].
[<RequireQualifiedAccess>]
module CrossEntropy =

    /// Logits held at a time: 16 MB where a cache is to hold them, 512 MB where a GPU is to be kept busy.
    let private heldNumbers (device: torch.Device) =
        if device.``type`` = DeviceType.CUDA then
            1L <<< 27
        else
            1L <<< 22

    let private pieces (rows: torch.Tensor) (head: torch.Tensor) =
        let most = max 1L (heldNumbers rows.device / head.shape[0])
        RowPadding.pieces rows.device rows.dtype most rows.shape[0]

    let private logits (rows: torch.Tensor) head =
        linear(rows, head).to_type torch.float32

    /// The labels of a piece of the rows: tokens [row, 1], or probabilities [row, vocabulary].
    let private labelsOf labels start count =
        match labels with
        | Labels.Tokens tokens -> Choice1Of2(tokens.narrow(0, start, count).unsqueeze 1)
        | Labels.Distributions(rows, head) -> Choice2Of2((logits (rows.narrow (0, start, count)) head).softmax -1L)

    /// Of log-probabilities [row, vocabulary], [row].
    let private between labels (logProbabilities: torch.Tensor) =
        match labels with
        | Choice1Of2(tokens: torch.Tensor) -> logProbabilities.gather(1, tokens).squeeze(1).neg()
        | Choice2Of2(probabilities: torch.Tensor) -> (logProbabilities * probabilities).sum(-1L).neg()

    /// Of each row, float32 [row]; differentiable.
    let nlls (rows: torch.Tensor) head labels =
        match pieces rows head with
        | [] -> torch.zeros (0L, dtype = torch.float32, device = rows.device)
        | pieces ->
            pieces
            |> List.map (fun (start, count) ->
                (logits (rows.narrow (0, start, count)) head).log_softmax -1L
                |> between (labelsOf labels start count))
            |> Array.ofList
            |> torch.cat

    /// d (sum of factor * cross-entropy) / d logits of a piece, written over the log-probabilities it is given: factor * (p - label).
    let private softmaxGradient (logProbabilities: torch.Tensor) labels (factors: torch.Tensor) =
        let probabilities = logProbabilities.exp_ ()

        match labels with
        | Choice1Of2(tokens: torch.Tensor) ->
            probabilities.scatter_add_(1, tokens, torch.ones_like(factors).neg()).mul_ factors
        | Choice2Of2(wanted: torch.Tensor) -> probabilities.sub_(wanted).mul_ factors

    /// Adds left^T right to a float32 sum.
    let private addProduct (left: torch.Tensor) (right: torch.Tensor) (sum: torch.Tensor) =
        if right.dtype = torch.float32 then
            sum.addmm_ (left.t (), right, 1.0f, 1.0f) |> ignore
        else
            use one = (1).ToScalar()
            sum.add_ (left.t().mm(right).to_type torch.float32, one) |> ignore

    /// Of each row, float32 [row], and the gradient of the sum of `factors` ([row]) times these: towards the rows, [row,
    /// width], and added to `headGradient` (float32 [vocabulary, width]) where one is given. Equal to autograd on `nlls`,
    /// in fewer passes over the logits and without keeping them.
    let valueAndGrad (rows: torch.Tensor) (head: torch.Tensor) labels (factors: torch.Tensor) headGradient =
        use _ = torch.no_grad ()

        let nlls = torch.empty (rows.shape[0], dtype = torch.float32, device = rows.device)

        let gradient = torch.empty_like rows

        for start, count in pieces rows head do
            use _ = torch.NewDisposeScope()
            let rows = rows.narrow (0, start, count)
            let labels = labelsOf labels start count
            let logProbabilities = (logits rows head).log_softmax -1L

            nlls.narrow(0, start, count).copy_(between labels logProbabilities) |> ignore

            let toLogits =
                (softmaxGradient logProbabilities labels (factors.narrow(0, start, count).unsqueeze 1)).to_type
                    rows.dtype

            gradient.narrow(0, start, count).copy_(toLogits.mm head) |> ignore
            headGradient |> Option.iter (addProduct toLogits rows)

        nlls, gradient
