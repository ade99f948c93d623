namespace A3.Tensors

#nowarn "9"

open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Where float32 heads [1, head, row, width] lie in memory; the numbers of a head of a row lie next to one another.
[<Struct>]
type internal HeadsAt =
    {
        Start: nativeptr<float32>
        HeadStride: int64
        RowStride: int64
    }

    member heads.Item(head: int, row: int) =
        NativePtr.ofNativeInt<float32>(
            NativePtr.toNativeInt heads.Start
            + nativeint (4L * (int64 head * heads.HeadStride + int64 row * heads.RowStride))
        )

[<RequireQualifiedAccess>]
module internal HeadsAt =

    [<DllImport("LibTorchSharp")>]
    extern nativeint private THSTensor_data(nativeint tensor)

    /// The first number of a tensor.
    let start (tensor: torch.Tensor) = THSTensor_data tensor.Handle

    /// Heads in the form that `ofTensor` takes.
    let readable (x: torch.Tensor) =
        let x = x.to_type torch.float32
        if x.stride 3 = 1L then x else x.contiguous ()

    /// Of a tensor that lives on as long as this is used.
    let ofTensor (x: torch.Tensor) =
        {
            Start = NativePtr.ofNativeInt (start x)
            HeadStride = x.stride 1
            RowStride = x.stride 2
        }

    /// A tensor for as many heads, [1, head, row, width], those of a row next to one another.
    let empty (like: torch.Tensor) =
        torch.empty([| like.shape[2]; like.shape[1]; like.shape[3] |], dtype = torch.float32).transpose(0, 1).unsqueeze
            0

/// Memory of one of a team, from which pieces are cut, each of them whole lines of a cache.
[<Sealed>]
type internal Room(start: nativeptr<float32>) =
    let mutable next = start

    member _.Cut count =
        let piece = next
        next <- NativePtr.add next (Room.Whole count)
        piece

    /// So many numbers in whole lines.
    static member Whole count =
        (count + Tile.Line - 1) / Tile.Line * Tile.Line

    /// Rooms of so many numbers for each of a team, and the tensor that holds them all.
    static member ForEach(members: int, count: int) =
        let each = int64 (Room.Whole count)

        let memory =
            torch.empty ([| int64 members * each + int64 Tile.Line |], dtype = torch.float32)

        let lineBytes = 4n * nativeint Tile.Line
        let first = (HeadsAt.start memory + lineBytes - 1n) / lineBytes * lineBytes

        memory, (fun index -> Room(NativePtr.ofNativeInt (first + 4n * nativeint (int64 index * each))))

/// A head of keys or values of one sequence, as rows [key, padded width] and as panels [32 keys, padded width, 32].
[<Struct>]
type internal HeadMemory =
    {
        Rows: nativeptr<float32>
        Panels: nativeptr<float32>
    }
