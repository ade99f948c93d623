namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One training batch, all [batch, position]: tokens (int64), their layouts, which positions the query stream predicts
/// (bool; never evidence, never padding), and, where the content stream's causal loss is wanted, which positions it
/// predicts from the one before (bool; only in sequences whose partition is singletons left to right).
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Targets: torch.Tensor
        CausalTargets: torch.Tensor option
    }

/// The losses of a batch in nats per predicted token, scalar tensors owned by the caller.
type Losses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

[<RequireQualifiedAccess>]
module Objective =

    /// -log p of the labels at the chosen rows, [chosen]; the head runs on those rows only. `hidden` is
    /// [batch, row, width], `labels` and `chosen` are [batch, row].
    let private surprisal architecture weights (hidden: torch.Tensor) (labels: torch.Tensor) (chosen: torch.Tensor) =
        let rows = chosen.flatten().nonzero().squeeze 1
        let predicted = hidden.flatten(0, 1).index_select(0, rows)
        let logits = TwoStream.logits architecture weights predicted
        let labels = labels.flatten().index_select(0, rows)
        cross_entropy (logits.to_type torch.float32, labels, reduction = torch.nn.Reduction.None)

    let private causal architecture weights (content: torch.Tensor) (tokens: torch.Tensor) (chosen: torch.Tensor) =
        let length = tokens.shape[1] - 1L

        surprisal
            architecture
            weights
            (content.narrow (1, 0, length))
            (tokens.narrow (1, 1, length))
            (chosen.narrow (1, 1, length))

    let private streams architecture weights batch =
        TwoStream.forward architecture weights batch.Layouts batch.Tokens

    let private query (streams: Streams) =
        match streams.Query with
        | Some query -> query
        | None -> invalidArg "architecture" "the objective needs a query stream; this architecture has none."

    /// -log p(x_i | x_G<k) of every target, in row-major order of the batch, [targets].
    let surprisals architecture weights batch =
        surprisal architecture weights (query (streams architecture weights batch)) batch.Tokens batch.Targets

    /// The mean surprisal over the targets of the batch (query stream), and over its causal targets (content stream).
    let losses architecture weights batch =
        let streams = streams architecture weights batch

        {
            Query = (surprisal architecture weights (query streams) batch.Tokens batch.Targets).mean()
            Content =
                batch.CausalTargets
                |> Option.map (fun chosen -> (causal architecture weights streams.Content batch.Tokens chosen).mean())
        }
