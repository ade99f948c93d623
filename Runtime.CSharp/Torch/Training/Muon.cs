using A3.Tensors;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>
/// Muon (Jordan et al. 2024): a matrix moves along its momentum with all singular values brought near 1, so that every direction of it learns
/// at one pace. Scaled to the length of AdamW's steps (Liu et al. 2025, arXiv 2502.16982), so that both share one learning rate. Has no
/// state of its own. The iteration may run in bfloat16, as Jordan's does: what it misses of 1 by is more than what the rounding adds.
/// </summary>
internal sealed class Muon(IReadOnlyList<MatrixPlace> matrices, ScalarType computes = ScalarType.Float32)
{
    /// <summary>Share of the running mean of the gradient that stays at each step.</summary>
    public const double Momentum = 0.95;

    /// <summary>Root mean square of AdamW's steps, about.</summary>
    private const double StepSize = 0.2;

    private const int Iterations = 5;

    /// <summary>Jordan's odd polynomial, which brings singular values of (0, 1] to about 0.7..1.2 in five rounds.</summary>
    private const double A = 3.4445, B = -4.7750, C = 2.0315;

    /// <summary>Matrices of one shape, which are one batch of products.</summary>
    private readonly MatrixPlace[][] shapes = [.. matrices.GroupBy(matrix => (matrix.Rows, matrix.Columns)).Select(shape => shape.ToArray())];

    /// <summary>
    /// Writes Muon's direction over AdamW's where matrices lie; <paramref name="momentum"/> is the running mean of the gradient, this
    /// one included, and all are [parameters]. The look ahead is Nesterov's.
    /// </summary>
    public void Turn(Tensor direction, Tensor momentum, Tensor gradient)
    {
        foreach (var shape in shapes)
        {
            using var scope = NewDisposeScope();
            var ahead = Numbers.add(Numbers.scale(Momentum, Stacked(shape, momentum)), Numbers.scale(1 - Momentum, Stacked(shape, gradient)));
            var turned = Numbers.scale(StepSize * Math.Sqrt(Math.Max(shape[0].Rows, shape[0].Columns)), Orthogonalised(ahead, computes));
            for (var i = 0; i < shape.Length; i++)
            {
                View(shape[i], direction).copy_(turned[i]);
            }
        }
    }

    /// <summary>
    /// Matrices [matrix, row, column], float32, with their singular vectors and singular values near 1, by a Newton-Schulz iteration in the
    /// number type given; zero stays zero.
    /// </summary>
    public static Tensor Orthogonalised(Tensor matrices, ScalarType computes = ScalarType.Float32)
    {
        var tall = matrices.shape[1] > matrices.shape[2];
        var x = tall ? matrices.transpose(1, 2) : matrices;
        x = x.div(Numbers.addNumber(1e-12, linalg.norm(x, dims: [1, 2], keepdim: true))).to_type(computes);
        for (var i = 0; i < Iterations; i++)
        {
            var square = x.bmm(x.transpose(1, 2));
            var polynomial = Numbers.add(Numbers.scale(B, square), Numbers.scale(C, square.bmm(square)));
            x = Numbers.add(Numbers.scale(A, x), polynomial.bmm(x));
        }

        return (tall ? x.transpose(1, 2) : x).to_type(ScalarType.Float32);
    }

    private static Tensor Stacked(MatrixPlace[] shape, Tensor flat) => stack([.. shape.Select(matrix => View(matrix, flat))]);

    private static Tensor View(MatrixPlace matrix, Tensor flat) =>
        flat.narrow(0, matrix.Offset, matrix.Rows * matrix.Columns).view(matrix.Rows, matrix.Columns);
}
