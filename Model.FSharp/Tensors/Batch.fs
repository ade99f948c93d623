namespace A3.Tensors

open A3.Model
open TorchSharp

/// One training batch: tokens, int64 [batch, position], and their layouts; the places that the query stream predicts, int64
/// [target] (never evidence, never padding); how much each of them counts, float32 [target] (once where none), and all together;
/// and, where the content stream's causal loss is wanted, the places from which it predicts the next one, int64 [causal target]
/// (those of the causal prefix of each sequence's partition). Places count positions row by row, batch * length + position;
/// they are places rather than masks so that the device is never asked how many there are. `Rows` are those that a pass computes.
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Rows: StreamRows
        Targets: torch.Tensor
        TargetWeights: torch.Tensor option
        TotalWeight: float
        CausalTargets: torch.Tensor option
    }

/// What the streams say of a batch in nats, tensors owned by the caller: in `losses` means per token, scalar; in `nlls` one
/// number per target, [target], in the order of the places.
type StreamLosses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

/// What the sums of the streams' NLLs are multiplied by to be added up to the loss of a step.
type LossFactors = { Query: float; Content: float }

/// A network of the same architecture to learn from, which reads left to right by its content stream (Li and Hoiem, Learning without
/// Forgetting, 2016): the content stream learns what it predicts in place of the tokens, and so do, for a share of their loss, the
/// queries that see every token before them, whatever else they see.
type Teacher =
    {
        Weights: Weights
        /// In 0..1.
        QueryShare: float
    }
