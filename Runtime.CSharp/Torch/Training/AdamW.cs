using TorchSharp;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) on one flat vector of all parameters, so that a step is a dozen operations whatever
/// the number of layers. The first <c>decaying</c> numbers are matrices and decay. The matrices of <paramref name="muon"/>, if given, move
/// its way. Owns its moments, not the parameters.
/// </summary>
internal sealed class AdamW(Tensor parameters, long decaying, double weightDecay, double clip, Muon? muon = null) : IDisposable
{
    private const double Beta2 = 0.95, Epsilon = 1e-8;

    private readonly double beta1 = muon is null ? 0.9 : Muon.Momentum;

    /// <summary>Running mean of the gradient, [parameters].</summary>
    public Tensor First { get; } = zeros_like(parameters, requires_grad: false).DetachFromDisposeScope();

    /// <summary>Running mean of the squared gradient, [parameters].</summary>
    public Tensor Second { get; } = zeros_like(parameters, requires_grad: false).DetachFromDisposeScope();

    /// <summary>Steps done.</summary>
    public long Steps { get; set; }

    /// <summary>One step along a gradient, [parameters], which is overwritten; gives its norm before clipping, a scalar.</summary>
    public Tensor Step(double learningRate, Tensor gradient)
    {
        using var _ = no_grad();
        Steps++;

        // Held by name until the step is over, see Numbers.
        using Scalar tiny = 1e-6, one = 1.0, keep1 = beta1, keep2 = Beta2, rest1 = 1 - beta1, rest2 = 1 - Beta2, epsilon = Epsilon;
        using Scalar decay = 1 - learningRate * weightDecay;
        using Scalar correction1 = 1 - Math.Pow(beta1, Steps), correction2 = Math.Sqrt(1 - Math.Pow(Beta2, Steps)), length = -learningRate;
        using Scalar limit = clip;
        var norm = linalg.norm(gradient);
        gradient.mul_(norm.add(tiny, one).reciprocal().mul(limit).clamp_max(one));
        First.mul_(keep1).add_(gradient, alpha: rest1);
        Second.mul_(keep2).addcmul_(gradient, gradient, value: rest2);
        parameters.narrow(0, 0, decaying).mul_(decay);
        var direction = First.div(correction1).div_(Second.sqrt().div_(correction2).add_(epsilon, one));
        muon?.Turn(direction, First, gradient);
        parameters.add_(direction, alpha: length);
        return norm;
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
