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

    /// <summary>One step along the accumulated gradient, which is clipped and then cleared; gives its norm before clipping, a scalar.</summary>
    public Tensor Step(double learningRate)
    {
        using var _ = no_grad();
        var gradient = parameters.grad ?? throw new InvalidOperationException("no gradient: call backward first.");
        var norm = linalg.norm(gradient);
        gradient.mul_((clip / (norm + 1e-6)).clamp_max(1.0));
        Steps++;
        First.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        Second.mul_(Beta2).addcmul_(gradient, gradient, value: 1 - Beta2);
        parameters.narrow(0, 0, decaying).mul_(1 - learningRate * weightDecay);
        var deviation = Second.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, Steps))).add_(Epsilon);
        parameters.addcdiv_(First, deviation, -learningRate / (1 - Math.Pow(Beta1, Steps)));
        gradient.zero_();
        return norm;
    }

    public void Dispose()
    {
        First.Dispose();
        Second.Dispose();
    }
}
