namespace A3.Model.Tensors

open System
open System.Runtime.InteropServices

/// Memory of tensors on the CPU. By default glibc maps fresh pages for every large tensor and gives them back when it is freed, so that
/// the kernel clears the same memory at every step anew: a tenth of a training step (perf, width 256). Kept, a step runs in the
/// pages of the one before.
[<RequireQualifiedAccess>]
module Heap =

    /// glibc's numbers, `malloc.h`.
    let private trimThreshold, private mapAtMost, private arenasAtMost = -1, -4, -8

    [<DllImport("libc.so.6")>]
    extern int private mallopt(int parameter, int value)

    let private kept =
        lazy
            if OperatingSystem.IsLinux() then
                try
                    mallopt (mapAtMost, 0) |> ignore
                    mallopt (trimThreshold, Int32.MaxValue) |> ignore
                    // The other threads' heaps are of 64 MB, which is too little for what a step keeps.
                    mallopt (arenasAtMost, 1) |> ignore
                with
                // Another C library; it has its own ways.
                | :? DllNotFoundException
                | :? EntryPointNotFoundException -> ()

    /// From now on the process keeps what it frees, up to 2 GB, for its next tensors. Of use to what runs many passes of one size.
    let keep () = kept.Force()
