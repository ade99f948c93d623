namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One block of a pass over rows [batch, row, width], in the three steps in which its way back is walked.
type Block =
    {
        /// Of rows, their queries [batch, heads, row, head width], and the keys and values [batch, KV heads, content row, head width] of
        /// content rows, not turned yet.
        Heads: torch.Tensor -> torch.Tensor * torch.Tensor * torch.Tensor
        /// The tensors that this reads.
        HeadWeights: torch.Tensor list
        Attention: Attention
        /// Of rows and what attention mixes for them, the rows behind the block.
        Close: torch.Tensor -> torch.Tensor -> torch.Tensor
        /// The tensors that this reads.
        CloseWeights: torch.Tensor list
    }

[<RequireQualifiedAccess>]
module Block =

    /// RMSNorm of rows [..., width], computed in float32.
    let norm (architecture: Architecture) (gain: torch.Tensor) (x: torch.Tensor) =
        let x32 = x.to_type torch.float32

        let scale =
            (x32 * x32).mean([| -1L |], true)
            |> Numbers.addNumber architecture.NormEpsilon
            |> _.rsqrt()

        (x32 * scale).to_type(x.dtype) * gain.to_type x.dtype

    /// [batch, row, heads * head width] to [batch, heads, row, head width].
    let private split (architecture: Architecture) (x: torch.Tensor) =
        x
            .view(x.shape[0], x.shape[1], x.shape[2] / int64 architecture.HeadWidth, int64 architecture.HeadWidth)
            .transpose(1, 2)

    let private mlp (block: BlockWeights) (x: torch.Tensor) =
        silu (Projection.apply block.Gate x) * Projection.apply block.Up x
        |> Projection.apply block.Down

    /// The rows of [batch, row, width] from one on.
    let private from first (x: torch.Tensor) =
        if first = 0L then
            x
        else
            x.narrow (1, first, x.shape[1] - first)

    let private heads architecture (block: BlockWeights) contentRows firstKept x =
        let x: torch.Tensor = norm architecture block.AttentionNorm x
        let content = x.narrow (1, 0, contentRows)

        Projection.apply block.Query (from firstKept x) |> split architecture,
        Projection.apply block.Key content |> split architecture,
        Projection.apply block.Value content |> split architecture

    let private close (architecture: Architecture) (block: BlockWeights) firstKept x (mixed: torch.Tensor) =
        let norm2 = norm architecture block.MlpNorm

        let mixed =
            mixed.transpose(1, 2).flatten(2, 3)
            |> Projection.apply block.Output
            |> Numbers.add (from firstKept x)

        match architecture.Residual with
        | Residual.PreNorm -> mlp block (norm2 mixed) |> Numbers.add mixed
        | Residual.Reference ->
            let h = norm2 mixed
            mlp block h |> Numbers.add h

    /// A block over rows of which the first are content rows, and those before `firstKept` are needed no more: they give keys and values
    /// only, and attention is asked for none.
    let make architecture (weights: BlockWeights) contentRows firstKept attention =
        {
            Heads = heads architecture weights contentRows firstKept
            HeadWeights = Weights.ofHeads weights
            Attention = attention
            Close = close architecture weights firstKept
            CloseWeights = Weights.ofClose weights
        }

    /// The rows behind a block; differentiable where gradients are wanted.
    let run block x =
        let queries, keys, values = block.Heads x
        block.Attention.Mix queries keys values |> block.Close x
