namespace A3.Model.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// One block of a pass: the tensors it reads, and what it makes of rows [batch, row, width].
type Block =
    {
        Weights: torch.Tensor list
        Run: torch.Tensor -> torch.Tensor
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
    let private heads (architecture: Architecture) (x: torch.Tensor) =
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

    let private attention architecture (block: BlockWeights) rotation contentRows firstKept attend (x: torch.Tensor) =
        let content = x.narrow (1, 0, contentRows)

        let queries =
            Projection.apply block.Query (from firstKept x)
            |> heads architecture
            |> Rotation.apply (Rotation.rows firstKept (x.shape[1] - firstKept) rotation)

        let keys =
            Projection.apply block.Key content
            |> heads architecture
            |> Rotation.apply (Rotation.rows 0L contentRows rotation)

        let values = Projection.apply block.Value content |> heads architecture
        let mixed: torch.Tensor = attend queries keys values
        mixed.transpose(1, 2).flatten(2, 3) |> Projection.apply block.Output

    /// A block over rows of which those before `firstKept` are needed no more: they give keys and values only.
    let run (architecture: Architecture) (block: BlockWeights) rotation contentRows firstKept attend (x: torch.Tensor) =
        let norm1 = norm architecture block.AttentionNorm
        let norm2 = norm architecture block.MlpNorm

        let mixed =
            attention architecture block rotation contentRows firstKept attend (norm1 x)
            |> Numbers.add (from firstKept x)

        match architecture.Residual with
        | Residual.PreNorm -> mlp block (norm2 mixed) |> Numbers.add mixed
        | Residual.Reference ->
            let h = norm2 mixed
            mlp block h |> Numbers.add h
