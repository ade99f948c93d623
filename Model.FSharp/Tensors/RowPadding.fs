namespace A3.Tensors

open TorchSharp

/// Passes padded to a multiple of rows, so that few numbers of rows occur. Products of half precision on a CPU are oneDNN's, which compiles
/// a kernel for every number of rows that it meets, on one thread while the others wait: steps of batches that are all different took a
/// fifth longer.
[<RequireQualifiedAccess>]
module RowPadding =

    let private areCompiled (device: torch.Device) dtype =
        device.``type`` = DeviceType.CPU && dtype <> torch.float32

    /// Few enough to lose little by rows that nobody needs, enough for the kernels to fit oneDNN's cache of 1,024.
    let private step = 64

    /// What the number of rows of a pass in a number type is to be a multiple of.
    let multiple device dtype =
        if areCompiled device dtype then step else 1

    /// So many rows in pieces of at most `most`: where each begins, and how many it has. Where products are compiled, these are `most` and
    /// its halves, quarters and so on, down to what is left.
    let pieces device dtype (most: int64) (count: int64) =
        let rec cut start size =
            let left = count - start

            if left <= 0L then
                []
            elif left >= size then
                (start, size) :: cut (start + size) size
            elif areCompiled device dtype && size > int64 step then
                cut start (size / 2L)
            else
                [ start, left ]

        cut 0L most
