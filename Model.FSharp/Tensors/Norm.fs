namespace A3.Tensors

open A3.Kernels.Rows
open A3.Model
open TorchSharp

/// RMSNorm of rows [..., width], computed in float32 (Zhang and Sennrich 2019, arXiv 1910.07467).
type Norm =
    {
        /// [width].
        Scales: torch.Tensor
        Epsilon: float
    }

[<RequireQualifiedAccess>]
module Norm =

    let make (architecture: Architecture) scales =
        {
            Scales = scales
            Epsilon = architecture.NormEpsilon
        }

    /// By libtorch's operations, which it differentiates.
    let apply norm (x: torch.Tensor) =
        let x32 = x.to_type torch.float32

        let scale =
            (x32 * x32).mean([| -1L |], true) |> Numbers.addNumber norm.Epsilon |> _.rsqrt()

        (x32 * scale).to_type(x.dtype) * norm.Scales.to_type x.dtype

    let private readable (x: torch.Tensor) = x.to_type(torch.float32).contiguous()

    /// The rows normalised, and the factor of each, [row]; both float32, as are rows and scales.
    let private forward epsilon (scales: torch.Tensor) (x: torch.Tensor) =
        let normalised, factors =
            torch.empty_like x, torch.empty (x.shape[0], dtype = torch.float32)

        RmsNorm.Forward(
            TensorMemory.start x,
            TensorMemory.start scales,
            int x.shape[0],
            int x.shape[1],
            epsilon,
            TensorMemory.start normalised,
            TensorMemory.start factors,
            TorchParallelFor.Current
        )

        normalised, factors

    /// The gradients towards rows and scales.
    let private backward (scales: torch.Tensor) (x: torch.Tensor) factors (gradient: torch.Tensor) =
        let rows, width = int x.shape[0], int x.shape[1]
        let toRows = torch.empty_like x

        let toScales =
            torch.zeros ([| int64 (RmsNorm.Blocks rows); int64 width |], dtype = torch.float32)

        RmsNorm.Backward(
            TensorMemory.start x,
            TensorMemory.start scales,
            TensorMemory.start factors,
            TensorMemory.start gradient,
            rows,
            width,
            TensorMemory.start toRows,
            TensorMemory.start toScales,
            TorchParallelFor.Current
        )

        toRows, toScales.sum 0L

    /// The same as a differentiable operation on rows and scales, on a CPU by the loops of A3.Kernels.
    let run norm (x: torch.Tensor) =
        if not (CpuKernels.areFor x.device) then
            [ x; norm.Scales ]
            |> Operation.byLibtorch (fun inputs -> apply { norm with Scales = inputs[1] } inputs[0])
        else
            use _ = torch.no_grad ()

            let flat (x: torch.Tensor) =
                (readable x).view(-1L, x.shape[x.shape.Length - 1])

            let rows, scales = flat x, readable norm.Scales
            let normalised, factors = forward (float32 norm.Epsilon) scales rows

            {
                Output = normalised.view(x.shape).to_type x.dtype
                Saved = [ rows; scales; factors ]
                Backward =
                    fun gradient ->
                        use _ = torch.no_grad ()
                        let toRows, toScales = backward scales rows factors (flat gradient)
                        [ toRows.view(x.shape).to_type x.dtype; toScales.to_type norm.Scales.dtype ]
            }
