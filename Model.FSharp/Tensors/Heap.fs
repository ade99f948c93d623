namespace A3.Tensors

open System
open System.Runtime.InteropServices

/// Memory of tensors on the CPU. By default glibc maps fresh pages for every large tensor and gives them back when it is freed, so that
/// the kernel clears the same memory at every step anew: a tenth of a training step (perf, width 256). Kept, a step runs in the
/// pages of the one before. Pages of 2 MB, which the processor finds faster, make a step 1.15 times as fast.
[<RequireQualifiedAccess>]
module Heap =

    /// glibc's numbers, `malloc.h`.
    let private trimThreshold, private mapAtMost, private arenasAtMost = -1, -4, -8

    [<DllImport("libc.so.6")>]
    extern int private mallopt(int parameter, int value)

    [<DllImport("libc.so.6")>]
    extern nativeint private malloc(nativeint size)

    [<DllImport("libc.so.6")>]
    extern void private free(nativeint start)

    [<DllImport("libc.so.6")>]
    extern int private madvise(nativeint start, nativeint length, int advice)

    /// 1.75 GB: less than glibc returns to the kernel, more than a step of a network of some million parameters takes.
    let private reserved = 7n <<< 28

    let private hugePage, private huge = 1n <<< 21, 14

    /// What is asked for at once, advised and freed untouched is what glibc cuts the next tensors from.
    let private adviseHugePages () =
        let start = malloc reserved

        if start <> 0n then
            let whole address = address &&& ~~~(hugePage - 1n)
            let first = whole (start + hugePage - 1n)
            madvise (first, whole (start + reserved) - first, huge) |> ignore
            free start

    let private kept =
        lazy
            if OperatingSystem.IsLinux() then
                try
                    mallopt (mapAtMost, 0) |> ignore
                    mallopt (trimThreshold, Int32.MaxValue) |> ignore
                    // The other threads' heaps are of 64 MB, which is too little for what a step keeps.
                    mallopt (arenasAtMost, 1) |> ignore
                    adviseHugePages ()
                with
                // Another C library; it has its own ways.
                | :? DllNotFoundException
                | :? EntryPointNotFoundException -> ()

    /// From now on the process keeps what it frees, up to 2 GB, for its next tensors. Of use to what runs many passes of one size.
    let keep () = kept.Force()
