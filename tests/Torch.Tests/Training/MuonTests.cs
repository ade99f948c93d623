using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class MuonTests : IDisposable
{
    private readonly DisposeScope scope;

    public MuonTests()
    {
        Native.ensure();
        scope = torch.NewDisposeScope();
        torch.random.manual_seed(7);
    }

    [Theory]
    [InlineData(8, 8, torch.ScalarType.Float32, 1e-3)]
    [InlineData(5, 12, torch.ScalarType.Float32, 1e-3)]
    [InlineData(12, 5, torch.ScalarType.Float32, 1e-3)]
    [InlineData(5, 12, torch.ScalarType.BFloat16, 0.05)]
    public void SingularVectorsStayAndSingularValuesComeNearOne(int rows, int columns, torch.ScalarType computes, double tolerance)
    {
        var matrices = torch.randn(3, rows, columns);
        var (u, _, vt) = torch.linalg.svd(matrices, fullMatrices: false);
        var inTheirBasis = u.transpose(1, 2).bmm(Muon.Orthogonalised(matrices, computes)).bmm(vt.transpose(1, 2));
        var values = inTheirBasis.diagonal(0, 1, 2);
        var others = inTheirBasis - values.diag_embed();

        Assert.All(values.flatten().data<float>().ToArray(), value => Assert.InRange(value, 0.6, 1.3));
        Assert.All(others.flatten().data<float>().ToArray(), value => Assert.Equal(0, value, tolerance));
    }

    [Fact]
    public void AMatrixThatDoesNotMoveStaysWhereItIs()
    {
        Assert.All(Muon.Orthogonalised(torch.zeros(1, 3, 4)).flatten().data<float>().ToArray(), value => Assert.Equal(0, value));
    }

    /// <summary>Five numbers, then a matrix [2, 3], then one number; the same gradient twice.</summary>
    [Fact]
    public void MatricesMoveByMuonAndTheOthersByAdamWWithItsMomentum()
    {
        var start = torch.randn(12);
        var parameters = start.clone().requires_grad_();
        using var optimizer = new AdamW(parameters, decaying: 0, weightDecay: 0, clip: 1e9, new Muon([new MatrixPlace(5, 2, 3)]));
        var gradient = torch.randn(12);
        const double Rate = 0.01;
        optimizer.Step(Rate, gradient.clone());
        optimizer.Step(Rate, gradient.clone());
        var moved = (parameters.detach() - start).data<float>().ToArray();
        var slope = gradient.data<float>().ToArray();

        // The moments of a constant gradient are unbiased: AdamW moves by its sign.
        int[] others = [0, 1, 2, 3, 4, 11];
        Assert.All(others, i => Assert.Equal(-2 * Rate * Math.Sign(slope[i]), moved[i], 1e-5));
        var turned = Muon.Orthogonalised(gradient.narrow(0, 5, 6).view(1, 2, 3)).flatten().data<float>().ToArray();
        Assert.All(Enumerable.Range(0, 6), i => Assert.Equal(-2 * Rate * 0.2 * Math.Sqrt(3) * turned[i], moved[5 + i], 1e-5));
    }

    public void Dispose() => scope.Dispose();
}
