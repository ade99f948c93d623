namespace A3.Tensors

open A3.Model
open TorchSharp

/// Rotations of RoPE for the rows of a pass, each [batch or 1, 1, row, head width]: dimension i of a head becomes
/// Cosine_i x_i + Sine_i x_(i + half), counted modulo the head width, so that the sines of the first half are negative.
type Rotation =
    {
        Cosine: torch.Tensor
        Sine: torch.Tensor
    }

[<RequireQualifiedAccess>]
module Rotation =

    /// Rotations for row positions [batch or 1, row], found in float32, in the number type of the heads they rotate.
    let at architecture (dtype: torch.ScalarType) (positions: torch.Tensor) =
        let frequencies =
            torch.tensor (Architecture.inverseFrequencies architecture, dtype = torch.float32)
            |> Numbers.place positions.device

        let angles =
            positions.to_type(torch.float32).unsqueeze(-1).mul(frequencies).unsqueeze 1

        let cosine, sine = angles.cos (), angles.sin ()

        {
            Cosine = torch.cat([| cosine; cosine |], -1L).to_type dtype
            Sine = torch.cat([| sine.neg (); sine |], -1L).to_type dtype
        }

    let private rows first count (rotation: Rotation) =
        {
            Cosine = rotation.Cosine.narrow (2, first, count)
            Sine = rotation.Sine.narrow (2, first, count)
        }

    /// Those of the first rows.
    let first count rotation = rows 0L count rotation

    /// Those of the last rows.
    let last count rotation =
        rows (rotation.Cosine.shape[2] - count) count rotation

    /// RoPE with half-rotation, as Hugging Face stores LLaMA: dimensions i and i + half rotate together.
    let apply rotation (x: torch.Tensor) =
        use one = (1).ToScalar()
        (x * rotation.Cosine).addcmul(x.roll (x.shape[3] / 2L, 3L), rotation.Sine, one)

    /// The heads of a pass rotated, where the rotation is that of all its rows: keys are those of the first, queries those of the last.
    let rotate rotation (queries: torch.Tensor) (keys: torch.Tensor) =
        queries |> apply (rotation |> last queries.shape[2]), keys |> apply (rotation |> first keys.shape[2])
