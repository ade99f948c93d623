namespace A3.Tensors

#nowarn "9"

open A3.Model
open Microsoft.FSharp.NativeInterop
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

    /// Rows that one of the team takes at a time; gains add up over these first, whatever the number of threads.
    let private blockRows = 128

    let private at (x: torch.Tensor) index =
        NativePtr.ofNativeInt<float32>(HeadsAt.start x + 4n * nativeint (index: int64))

    let private readable (x: torch.Tensor) = x.to_type(torch.float32).contiguous()

    /// `work block firstRow rowAfterLast` for blocks of rows.
    let private share rows work =
        let blocks = (rows + blockRows - 1) / blockRows

        Team.share (Team.members ()) blocks (fun _ block ->
            work block (block * blockRows) (min rows ((block + 1) * blockRows)))

    /// The rows normed, and the factor of each, [row]; both float32, as are rows and gain.
    let private forth epsilon (gain: torch.Tensor) (x: torch.Tensor) =
        let width = int x.shape[1]

        let normed, factors =
            torch.empty_like x, torch.empty (x.shape[0], dtype = torch.float32)

        let gains, factorsAt = at gain 0L, at factors 0L
        let source, target = at x, at normed

        share (int x.shape[0]) (fun _ first after ->
            for row in first .. after - 1 do
                let start = int64 row * int64 width
                let mean = RowLoops.squares (source start) width / float32 width
                let factor = 1f / sqrt (mean + epsilon)
                NativePtr.set factorsAt row factor
                RowLoops.gained (source start) gains (target start) width factor)

        normed, factors

    /// The gradients towards rows and gain.
    let private back (gain: torch.Tensor) (x: torch.Tensor) factors (gradient: torch.Tensor) =
        let rows, width = int x.shape[0], int x.shape[1]
        let toRows = torch.empty_like x
        let blocks = (rows + blockRows - 1) / blockRows
        let toGains = torch.zeros ([| int64 blocks; int64 width |], dtype = torch.float32)
        let gains, factors = at gain 0L, at factors 0L
        let source, slopes, target, sums = at x, at gradient, at toRows, at toGains

        share rows (fun block first after ->
            for row in first .. after - 1 do
                let start = int64 row * int64 width

                RowLoops.normedBack
                    (source start)
                    gains
                    (slopes start)
                    (target start)
                    (sums (int64 block * int64 width))
                    width
                    (NativePtr.get factors row))

        toRows, toGains.sum 0L

    /// The same with a way back to rows and gain, on a CPU by loops of our own.
    let trace norm (x: torch.Tensor) =
        if not (Tile.isFor x.device) then
            [ x; norm.Gain ]
            |> Traced.byLibtorch (fun inputs -> apply { norm with Gain = inputs[1] } inputs[0])
        else
            use _ = torch.no_grad ()

            let flat (x: torch.Tensor) =
                (readable x).view(-1L, x.shape[x.shape.Length - 1])

            let rows, gains = flat x, readable norm.Gain
            let normed, factors = forth (float32 norm.Epsilon) gains rows

            {
                Value = normed.view(x.shape).to_type x.dtype
                Kept = [ rows; gains; factors ]
                Back =
                    fun gradient ->
                        use _ = torch.no_grad ()
                        let toRows, toGain = back gains rows factors (flat gradient)
                        [ toRows.view(x.shape).to_type x.dtype; toGain.to_type norm.Gain.dtype ]
            }
