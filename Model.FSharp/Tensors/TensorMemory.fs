namespace A3.Tensors

#nowarn "9"

open System.Runtime.InteropServices
open A3.Kernels.Attention
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Float32 tensors on a CPU as the loops of A3.Kernels read them; they must live on as long as a loop runs.
[<RequireQualifiedAccess>]
module internal TensorMemory =

    [<DllImport("LibTorchSharp")>]
    extern nativeint private THSTensor_data(nativeint tensor)

    /// The first number.
    let start (tensor: torch.Tensor) : nativeptr<float32> =
        NativePtr.ofNativeInt (THSTensor_data tensor.Handle)

    /// Heads in the form that `heads` takes.
    let readableHeads (x: torch.Tensor) =
        let x = x.to_type torch.float32
        if x.stride 3 = 1L then x else x.contiguous ()

    /// Where the heads of [1, head, row, width] lie.
    let heads (x: torch.Tensor) = Heads(start x, x.stride 1, x.stride 2)

    /// A tensor for as many heads, [1, head, row, width], those of a row next to one another.
    let emptyHeads (like: torch.Tensor) =
        torch.empty([| like.shape[2]; like.shape[1]; like.shape[3] |], dtype = torch.float32).transpose(0, 1).unsqueeze
            0
