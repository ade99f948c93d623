namespace A3.Tensors

open A3.Kernels.Rows
open A3.Model
open TorchSharp

/// RMSNorm of rows [..., width], computed in float32 (Zhang and Sennrich 2019, arXiv 1910.07467).
type Norm =
    {
        /// [width].
        Gain: torch.Tensor
        Epsilon: float
    }

[<RequireQualifiedAccess>]
module Norm =

    let make (architecture: Architecture) gain =
        {
            Gain = gain
            Epsilon = architecture.NormEpsilon
        }

    /// By libtorch's operations, which it differentiates.
    let apply norm (x: torch.Tensor) =
        let x32 = x.to_type torch.float32

        let scale =
            (x32 * x32).mean([| -1L |], true) |> Numbers.addNumber norm.Epsilon |> _.rsqrt()

        (x32 * scale).to_type(x.dtype) * norm.Gain.to_type x.dtype

    let private readable (x: torch.Tensor) = x.to_type(torch.float32).contiguous()

    /// The rows normalised, and the factor of each, [row]; both float32, as are rows and gain.
    let private forward epsilon (gain: torch.Tensor) (x: torch.Tensor) =
        let normed, factors =
            torch.empty_like x, torch.empty (x.shape[0], dtype = torch.float32)

        RmsNorm.Forward(
            TensorMemory.start x,
            TensorMemory.start gain,
            int x.shape[0],
            int x.shape[1],
            epsilon,
            TensorMemory.start normed,
            TensorMemory.start factors,
            TorchParallelFor.Current
        )

        normed, factors

    /// The gradients towards rows and gain.
    let private backward (gain: torch.Tensor) (x: torch.Tensor) factors (gradient: torch.Tensor) =
        let rows, width = int x.shape[0], int x.shape[1]
        let toRows = torch.empty_like x

        let toGains =
            torch.zeros ([| int64 (RmsNorm.Blocks rows); int64 width |], dtype = torch.float32)

        RmsNorm.Backward(
            TensorMemory.start x,
            TensorMemory.start gain,
            TensorMemory.start factors,
            TensorMemory.start gradient,
            rows,
            width,
            TensorMemory.start toRows,
            TensorMemory.start toGains,
            TorchParallelFor.Current
        )

        toRows, toGains.sum 0L

    /// The same with a way back to rows and gain, on a CPU by loops of our own.
    let trace norm (x: torch.Tensor) =
        if not (CpuKernels.areFor x.device) then
            [ x; norm.Gain ]
            |> Traced.byLibtorch (fun inputs -> apply { norm with Gain = inputs[1] } inputs[0])
        else
            use _ = torch.no_grad ()

            let flat (x: torch.Tensor) =
                (readable x).view(-1L, x.shape[x.shape.Length - 1])

            let rows, gains = flat x, readable norm.Gain
            let normed, factors = forward (float32 norm.Epsilon) gains rows

            {
                Value = normed.view(x.shape).to_type x.dtype
                Kept = [ rows; gains; factors ]
                Back =
                    fun gradient ->
                        use _ = torch.no_grad ()
                        let toRows, toGain = backward gains rows factors (flat gradient)
                        [ toRows.view(x.shape).to_type x.dtype; toGain.to_type norm.Gain.dtype ]
            }
