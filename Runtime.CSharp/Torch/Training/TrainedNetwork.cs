using A3.Tensors;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>A network of which some weights train, as one vector, and the others are frozen. Owns the vector; single-threaded.</summary>
internal sealed class TrainedNetwork : IDisposable
{
    private readonly Trainable trainable;
    private readonly FSharpFunc<string, Tensor> frozen;

    /// <summary>
    /// The numbers of <paramref name="parameters"/>, float32, are laid out as `Trainable.parameters` says; <paramref name="frozen"/> gives
    /// the other weights by name, which whoever gave them owns.
    /// </summary>
    public TrainedNetwork(
        Model.Architecture architecture, Trainable trainable, Func<string, Tensor> frozen, Tensor parameters, ScalarType computes = ScalarType.Float32)
    {
        (Architecture, this.trainable, Computes) = (architecture, trainable, computes);
        Parameters = parameters.DetachFromDisposeScope().requires_grad_();
        this.frozen = FuncConvert.FromFunc(frozen);
    }

    /// <summary>A network of which all weights train.</summary>
    public TrainedNetwork(Model.Architecture architecture, Tensor parameters, ScalarType computes = ScalarType.Float32)
        : this(
            architecture, TrainableModule.everything(architecture), name => throw new InvalidOperationException($"{name} trains."), parameters, computes)
    {
    }

    public Model.Architecture Architecture { get; }

    /// <summary>The number type of its passes.</summary>
    public ScalarType Computes { get; }

    /// <summary>The numbers that train, decaying ones first: the leaf of the graph.</summary>
    public Tensor Parameters { get; }

    /// <summary>How many numbers at their front decay.</summary>
    public long Decaying => Flat.decaying(TrainableModule.parameters(trainable));

    /// <summary>Where the blocks' matrices that train whole lie in the vector.</summary>
    public IReadOnlyList<MatrixPlace> Matrices => [.. TrainableModule.matrices(trainable)];

    /// <summary>The network, as views and conversions that live as long as the caller's dispose scope.</summary>
    public Weights Weights() => TrainableModule.bind(Computes, Architecture, trainable, frozen, Parameters);

    /// <summary>
    /// A tensor of the checkpoint that computes the same network, additions merged in; it lives as long as the caller's dispose scope, or, where
    /// it is frozen, as the network.
    /// </summary>
    public Tensor Value(string name) => TrainableModule.value(trainable, frozen, Parameters, name);

    public void Dispose() => Parameters.Dispose();
}
