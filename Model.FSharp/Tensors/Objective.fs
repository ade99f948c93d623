namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One training batch: tokens [batch, position] (int64), their layouts, and which positions are predicted
/// (bool [batch, position]; never evidence, never padding).
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Targets: torch.Tensor
    }

/// The losses of a batch in nats per predicted token, each a scalar tensor owned by the caller.
type Losses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

[<RequireQualifiedAccess>]
module Objective =

    /// Mean cross-entropy where `chosen` is true; the head runs on those rows only. `hidden` [batch, row, width],
    /// `labels` and `chosen` [batch, row].
    let private crossEntropy architecture weights (hidden: torch.Tensor) (labels: torch.Tensor) (chosen: torch.Tensor) =
        let rows = chosen.flatten().nonzero().squeeze 1
        let predicted = hidden.flatten(0, 1).index_select(0, rows)
        let logits = TwoStream.logits architecture weights predicted
        cross_entropy (logits.to_type torch.float32, labels.flatten().index_select(0, rows))

    /// The next-token loss of the content stream, where singletons run left to right: position i predicts token i + 1.
    let private causal architecture weights (content: torch.Tensor) batch =
        let length = batch.Tokens.shape[1] - 1L

        crossEntropy
            architecture
            weights
            (content.narrow (1, 0, length))
            (batch.Tokens.narrow (1, 1, length))
            (batch.Targets.narrow (1, 1, length))

    /// -mean log p(x_i | x_G<k) over the targets of the batch (query stream), and, on request, the causal loss of the
    /// content stream (its layouts must then be singletons left to right).
    let losses architecture weights withContent batch =
        let streams = TwoStream.forward architecture weights batch.Layouts batch.Tokens

        match streams.Query with
        | None -> invalidArg (nameof architecture) "training needs a query stream; this architecture has none."
        | Some query ->
            {
                Query = crossEntropy architecture weights query batch.Tokens batch.Targets
                Content =
                    if withContent then
                        Some(causal architecture weights streams.Content batch)
                    else
                        None
            }
