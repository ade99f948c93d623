namespace A3.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One block of a pass over rows [batch, row, width], in the steps of its backward pass.
type Block =
    {
        /// Of rows.
        Norm1: Norm
        /// Of normalised rows, the queries of those that go on [batch, heads, row, head width], and the keys and values [batch, KV heads, content
        /// row, head width] of content rows, not rotated yet.
        Heads: torch.Tensor -> torch.Tensor * torch.Tensor * torch.Tensor
        /// The tensors that this reads.
        HeadWeights: torch.Tensor list
        Attention: Attention
        /// Of rows and their attention outputs, the sums of those that go on.
        Join: torch.Tensor -> torch.Tensor -> torch.Tensor
        /// The tensors that this reads.
        JoinWeights: torch.Tensor list
        /// Of rows joined.
        Norm2: Norm
        /// Of rows joined and normalised, what is added to them.
        Mlp: torch.Tensor -> torch.Tensor
        /// The tensors that this reads.
        MlpWeights: torch.Tensor list
        Residual: Residual
    }

[<RequireQualifiedAccess>]
module Block =

    /// [batch, row, heads * head width] to [batch, heads, row, head width].
    let private split (architecture: Architecture) (x: torch.Tensor) =
        x
            .view(x.shape[0], x.shape[1], x.shape[2] / int64 architecture.HeadWidth, int64 architecture.HeadWidth)
            .transpose(1, 2)

    /// The rows of [batch, row, width] from one on.
    let private from first (x: torch.Tensor) =
        if first = 0L then
            x
        else
            x.narrow (1, first, x.shape[1] - first)

    let private heads architecture (block: BlockWeights) contentRows firstKept (normalised: torch.Tensor) =
        let content = normalised.narrow (1, 0, contentRows)

        Projection.apply block.Query (from firstKept normalised) |> split architecture,
        Projection.apply block.Key content |> split architecture,
        Projection.apply block.Value content |> split architecture

    let private join (block: BlockWeights) firstKept x (attended: torch.Tensor) =
        attended.transpose(1, 2).flatten(2, 3)
        |> Projection.apply block.Output
        |> Numbers.add (from firstKept x)

    let private mlp (block: BlockWeights) normalised =
        silu (Projection.apply block.Gate normalised)
        * Projection.apply block.Up normalised
        |> Projection.apply block.Down

    /// Which rows the MLP's are added to, of those joined and these normalised.
    let residual block joined normalised =
        match block.Residual with
        | Residual.PreNorm -> joined
        | Residual.Reference -> normalised

    /// A block over rows of which the first are content rows, and those before `firstKept` are needed no more: they give keys and values
    /// only, and attention is asked for none.
    let make (architecture: Architecture) (weights: BlockWeights) contentRows firstKept attention =
        let tensors = List.collect Projection.tensors

        {
            Norm1 = Norm.make architecture weights.AttentionNorm
            Heads = heads architecture weights contentRows firstKept
            HeadWeights = tensors [ weights.Query; weights.Key; weights.Value ]
            Attention = attention
            Join = join weights firstKept
            JoinWeights = tensors [ weights.Output ]
            Norm2 = Norm.make architecture weights.MlpNorm
            Mlp = mlp weights
            MlpWeights = tensors [ weights.Gate; weights.Up; weights.Down ]
            Residual = architecture.Residual
        }

    /// The weights of a block.
    let weights block =
        block.Norm1.Scales :: block.Norm2.Scales :: block.HeadWeights
        @ block.JoinWeights
        @ block.MlpWeights

    /// The rows behind a block; differentiable where its attention is.
    let run block x =
        let queries, keys, values = Norm.apply block.Norm1 x |> block.Heads
        let joined = block.Attention.Outputs queries keys values |> block.Join x
        let normalised = Norm.apply block.Norm2 joined
        block.Mlp normalised |> Numbers.add (residual block joined normalised)
