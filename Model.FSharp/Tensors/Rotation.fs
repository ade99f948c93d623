namespace A3.Model.Tensors

open A3.Model
open TorchSharp

/// Rotations of RoPE for the rows of a pass, each [batch or 1, 1, row, head width / 2].
type Rotation =
    {
        Cosine: torch.Tensor
        Sine: torch.Tensor
    }

[<RequireQualifiedAccess>]
module Rotation =

    /// Rotations for row positions [batch or 1, row], float32.
    let at architecture (positions: torch.Tensor) =
        let frequencies =
            torch.tensor (Architecture.inverseFrequencies architecture, dtype = torch.float32)
            |> Numbers.place positions.device

        let angles =
            positions.to_type(torch.float32).unsqueeze(-1).mul(frequencies).unsqueeze 1

        {
            Cosine = angles.cos ()
            Sine = angles.sin ()
        }

    /// Those of `count` rows from one on.
    let rows first count (rotation: Rotation) =
        {
            Cosine = rotation.Cosine.narrow (2, first, count)
            Sine = rotation.Sine.narrow (2, first, count)
        }

    /// RoPE with half-rotation, as Hugging Face stores LLaMA: dimension i turns with dimension i + half.
    let apply rotation (x: torch.Tensor) =
        let halves = x.chunk (2L, -1L)
        let cosine = rotation.Cosine.to_type x.dtype
        let sine = rotation.Sine.to_type x.dtype

        torch.cat (
            [|
                halves[0] * cosine - halves[1] * sine
                Numbers.add (halves[1] * cosine) (halves[0] * sine)
            |],
            -1L
        )
