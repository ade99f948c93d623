using A3.Runtime.Checkpoints;
using A3.Runtime.Networks;
using A3.Runtime.Storage;
using A3.Torch.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>
/// The weights of a checkpoint as a run reads and never writes them. On a CPU they stay in the file, which is mapped into memory: pages come
/// in as they are read, and the system may drop them again. On another device they are copied there, in the number type that the
/// run computes in. Owns the checkpoint and the tensors; several micro-batches may read it at a time.
/// </summary>
/// <remarks>
/// libtorch maps whole files of one number type, so tensors are cut out of such a map; one that does not lie at a multiple of its number's
/// size is copied.
/// </remarks>
internal sealed class FrozenWeights(Checkpoint checkpoint, TorchSharp.torch.Device device, ScalarType computes) : IDisposable
{
    private readonly Dictionary<(string File, ScalarType Type), Tensor> maps = [];
    private readonly Dictionary<string, Tensor> tensors = [];

    /// <summary>A tensor by its Hugging Face name, as it is stored or as the device holds it.</summary>
    public Tensor this[string name]
    {
        get
        {
            lock (tensors)
            {
                if (!tensors.TryGetValue(name, out var tensor))
                {
                    using var scope = NewDisposeScope();
                    FiniteWeights.Check(checkpoint[name], TensorTypes.Of(computes));
                    tensor = Placed(checkpoint[name]).DetachFromDisposeScope();
                    tensors.Add(name, tensor);
                }

                return tensor;
            }
        }
    }

    public void Dispose()
    {
        foreach (var tensor in tensors.Values.Concat(maps.Values))
        {
            tensor.Dispose();
        }

        checkpoint.Dispose();
    }

    private Tensor Placed(TensorView view) =>
        device.type == DeviceType.CPU ? Mapped(view) : Mapped(view).to(computes).to(device);

    private Tensor Mapped(TensorView view)
    {
        var shape = view.Shape.ToArray();
        return view.FileOffset % view.Dtype.Size == 0
            ? Map(view.File, TypeOf(view.Dtype)).narrow(0, view.FileOffset / view.Dtype.Size, view.Count).view(shape)
            : tensor(view.ToFloats()).view(shape);
    }

    /// <summary>The whole numbers of a file; private, so that nothing can write to it.</summary>
    private Tensor Map(string file, ScalarType type)
    {
        if (!maps.TryGetValue((file, type), out var map))
        {
            map = from_file(file, shared: false, size: RegularFile.Length(file) / type.ElementSize(), dtype: type).DetachFromDisposeScope();
            maps.Add((file, type), map);
        }

        return map;
    }

    private static ScalarType TypeOf(Dtype dtype) => dtype switch
    {
        Dtype.BFloat16 => ScalarType.BFloat16,
        Dtype.Float16 => ScalarType.Float16,
        _ => ScalarType.Float32,
    };
}
