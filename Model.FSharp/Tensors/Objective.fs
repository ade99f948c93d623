namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One training batch, all [batch, position]: tokens (int64), their layouts, which positions the query stream predicts
/// (bool; never evidence, never padding), how much each of them counts (float32; once where none), and, where the content
/// stream's causal loss is wanted, which positions it predicts from the one before (bool; only in sequences whose partition
/// is singletons left to right).
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Targets: torch.Tensor
        TargetWeights: torch.Tensor option
        CausalTargets: torch.Tensor option
    }

/// What both streams say of a batch in nats, tensors owned by the caller: in `losses` means per token, scalar; in
/// `surprisals` one number per target, [targets], in row-major order of the batch.
type StreamLosses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

[<RequireQualifiedAccess>]
module Objective =

    /// The entries at the chosen rows, [chosen]; `values` and `chosen` are [batch, row].
    let private at (chosen: torch.Tensor) (values: torch.Tensor) =
        values.flatten().index_select(0, chosen.flatten().nonzero().squeeze 1)

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

    let private query (streams: Streams) =
        match streams.Query with
        | Some query -> query
        | None -> invalidArg "architecture" "the objective needs a query stream; this architecture has none."

    /// -log p(x_i | x_G<k) of every target by the query stream, and -log p(x_i | x_<i) of every causal target by the content
    /// stream; one forward pass for both.
    let surprisals architecture weights batch =
        let streams = TwoStream.forward architecture weights batch.Layouts batch.Tokens

        {
            Query = surprisal architecture weights (query streams) batch.Tokens batch.Targets
            Content =
                batch.CausalTargets
                |> Option.map (causal architecture weights streams.Content batch.Tokens)
        }

    let private mean (weights: torch.Tensor option) chosen (surprisals: torch.Tensor) =
        match weights with
        | Some weights ->
            let weights = at chosen weights
            (surprisals * weights).sum() / weights.sum ()
        | None -> surprisals.mean ()

    /// The weighted mean surprisal over the targets of the batch (query stream), and the mean over its causal targets
    /// (content stream). Under a weighting by 1/t the weights of a sequence sum to its open positions, so that this is its
    /// estimate of -log p per token.
    let losses architecture weights batch =
        let surprisals = surprisals architecture weights batch

        {
            Query = surprisals.Query |> mean batch.TargetWeights batch.Targets
            Content = surprisals.Content |> Option.map _.mean()
        }
