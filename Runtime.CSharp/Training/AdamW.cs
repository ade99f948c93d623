using TorchSharp;
using static TorchSharp.torch;

namespace A3.Runtime;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) on one flat vector of all parameters, so that a step is a dozen operations whatever
/// the number of layers. The first <c>decaying</c> numbers are matrices and decay. Owns its moments, not the parameters.
/// </summary>
internal sealed class AdamW(Tensor parameters, long decaying, double weightDecay, double clip) : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8;

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
        using Scalar tiny = 1e-6, one = 1.0, beta1 = Beta1, beta2 = Beta2, rest1 = 1 - Beta1, rest2 = 1 - Beta2, epsilon = Epsilon;
        using Scalar decay = 1 - learningRate * weightDecay;
        using Scalar correction = Math.Sqrt(1 - Math.Pow(Beta2, Steps)), length = -learningRate / (1 - Math.Pow(Beta1, Steps));
        using Scalar limit = clip;
        var norm = linalg.norm(gradient);
        gradient.mul_(norm.add(tiny, one).reciprocal().mul(limit).clamp_max(one));
        First.mul_(beta1).add_(gradient, alpha: rest1);
        Second.mul_(beta2).addcmul_(gradient, gradient, value: rest2);
        parameters.narrow(0, 0, decaying).mul_(decay);
        var deviation = Second.sqrt().div_(correction).add_(epsilon, one);
        parameters.addcdiv_(First, deviation, length);
        return norm;
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
