using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class AdamWTests
{
    /// <summary>The formulas of Loshchilov and Hutter (2019), algorithm 2, with clipping by the global norm, in float64.</summary>
    [Fact]
    public void AStepFollowsThePaper()
    {
        Tensors.Native.ensure();
        double[] parameters = [0.5, -1.5, 2.0, 0.25], first = new double[4], second = new double[4];
        using var flat = torch.tensor(parameters.Select(x => (float)x).ToArray(), requires_grad: true);
        using var optimizer = new AdamW(flat, decaying: 2, weightDecay: 0.1, clip: 1.0);
        for (var step = 1; step <= 5; step++)
        {
            using var scope = torch.NewDisposeScope();
            optimizer.Step(0.01, torch.autograd.grad([(flat * flat * flat).sum()], [flat])[0]);
            Expected(parameters, first, second, step);
            Assert.All(flat.data<float>().ToArray().Zip(parameters), pair => Assert.Equal(pair.Second, pair.First, tolerance: 1e-5));
        }
    }

    private static void Expected(double[] x, double[] first, double[] second, int step)
    {
        var gradient = x.Select(value => 3 * value * value).ToArray();
        var scale = Math.Min(1, 1.0 / Math.Sqrt(gradient.Sum(g => g * g)));
        for (var i = 0; i < x.Length; i++)
        {
            var g = gradient[i] * scale;
            first[i] = (0.9 * first[i]) + (0.1 * g);
            second[i] = (0.95 * second[i]) + (0.05 * g * g);
            var decay = i < 2 ? 0.1 * x[i] : 0;
            var mean = first[i] / (1 - Math.Pow(0.9, step));
            var deviation = Math.Sqrt(second[i] / (1 - Math.Pow(0.95, step))) + 1e-8;
            x[i] -= 0.01 * ((mean / deviation) + decay);
        }
    }
}
