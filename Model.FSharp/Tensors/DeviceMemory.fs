namespace A3.Tensors

open System.Runtime.InteropServices
open TorchSharp

/// Memory of devices, which TorchSharp does not tell.
[<RequireQualifiedAccess>]
module DeviceMemory =

    /// `cudaMemGetInfo (free, total)`; 0 where all is well.
    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Asked = delegate of unativeint byref * unativeint byref -> int

    let private ask =
        lazy
            (Native.symbol "c10_cuda" "cudaMemGetInfo"
             |> Option.map Marshal.GetDelegateForFunctionPointer<Asked>)

    /// Bytes that the CUDA device of the calling thread has free; none on other devices, and where its library cannot be asked.
    let free (device: torch.Device) =
        match device.``type``, lazy ask.Value with
        | DeviceType.CUDA, Lazy(Some ask) ->
            let mutable free, total = 0un, 0un

            if ask.Invoke(&free, &total) = 0 then
                Some(int64 free)
            else
                None
        | _ -> None
