namespace A3.Tensors

open TorchSharp

/// Numbers as operands of tensors. TorchSharp 0.107 wraps each in an object that the collector may free while libtorch still
/// reads it: the result is then silently another one, or an error out of nowhere (seen in three of four runs of the whole test
/// suite, which keeps the collector busy). Plain `x + y` has such an operand too, its factor 1. Here every number lives until
/// its operation is over.
[<RequireQualifiedAccess>]
module Numbers =

    /// x + y.
    let add (x: torch.Tensor) (y: torch.Tensor) =
        use one = (1).ToScalar()
        x.add (y, one)

    /// x becomes x + y.
    let addTo (x: torch.Tensor) (y: torch.Tensor) =
        use one = (1).ToScalar()
        x.add_ (y, one) |> ignore

    /// x + number.
    let addNumber (number: float) (x: torch.Tensor) =
        use operand = number.ToScalar()
        use one = (1).ToScalar()
        x.add (operand, one)

    /// x + number, of int64.
    let addInteger (number: int64) (x: torch.Tensor) =
        use operand = number.ToScalar()
        use one = (1).ToScalar()
        x.add (operand, one)

    /// number * x, of int64.
    let scaleInteger (number: int64) (x: torch.Tensor) =
        use operand = number.ToScalar()
        x.mul operand

    /// x modulo number, of int64.
    let modulo (number: int64) (x: torch.Tensor) =
        use operand = number.ToScalar()
        x.remainder operand

    /// number * x.
    let scale (number: float) (x: torch.Tensor) =
        use operand = number.ToScalar()
        x.mul operand

    /// Every entry becomes the number, in place.
    let fill (number: float) (x: torch.Tensor) =
        use operand = number.ToScalar()
        x.fill_ operand |> ignore

    /// A host tensor on a device; the host goes on while a GPU copies.
    let place (device: torch.Device) (x: torch.Tensor) =
        if device.``type`` = DeviceType.CUDA then
            x.pin_memory().``to``(device, non_blocking = true)
        else
            x.``to`` device

    /// 0, 1, .. count - 1 on a device, int64.
    let range (count: int64) (device: torch.Device) =
        use first = (0L).ToScalar()
        use stop = count.ToScalar()
        use step = (1L).ToScalar()
        torch.arange (first, stop, step, dtype = torch.int64, device = device)

    /// Whether all numbers are finite, and so small that float32 holds the sum of their squares, which norms need; waits for the device.
    let areNormable (x: torch.Tensor) =
        x.to_type(torch.float32).norm(2f).item<float32>() |> System.Single.IsFinite

    /// Whether all numbers are finite, of float32 that are no larger than logits; waits for the device.
    let areFinite (x: torch.Tensor) =
        x.sum().item<float32>() |> System.Single.IsFinite

    /// The number that a tensor holds; waits for the device.
    let read (x: torch.Tensor) =
        use number = x.ToScalar()
        number.ToDouble()
