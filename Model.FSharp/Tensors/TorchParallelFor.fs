namespace A3.Tensors

open System
open System.Runtime.ExceptionServices
open System.Runtime.InteropServices
open System.Threading
open A3.Kernels.Products
open A3.Kernels.Threads
open TorchSharp

/// OpenMP's entry, `GOMP_parallel (body, data, threads, flags)`: so many threads call the body once each, the calling one included.
[<RequireQualifiedAccess>]
module internal OpenMP =

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Body = delegate of nativeint -> unit

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Parallel = delegate of Body * nativeint * uint32 * uint32 -> unit

    let private entry =
        lazy
            (Native.symbol "torch_cpu" "GOMP_parallel"
             |> Option.map Marshal.GetDelegateForFunctionPointer<Parallel>)

    /// False where libtorch was built with other threads.
    let isThere () = entry.Value.IsSome

    /// Runs a body on so many threads; on the calling one alone where OpenMP is not there.
    let run (threads: int) (body: unit -> unit) =
        match entry.Value with
        | Some invoke when threads > 1 ->
            let each = Body(fun _ -> body ())
            invoke.Invoke(each, 0n, uint32 threads, 0u)
            GC.KeepAlive each
        | Some _
        | None -> body ()

/// Loops on the threads among which libtorch shares its operations on a CPU. Threads beside them would wait for cores on which these still
/// spin, ready for the next operation.
[<Sealed>]
type internal TorchParallelFor private (workers: int) =

    /// Less than some ten microseconds' work is done before other threads have begun.
    let leastCost = 1L <<< 20

    /// As many threads as an operation of the calling thread has.
    static member Current =
        TorchParallelFor(if OpenMP.isThere () then torch.get_num_threads () else 1) :> IParallelFor

    interface IParallelFor with

        member _.Workers = workers

        member _.Run(items, itemCost, work) =
            let started, taken = ref 0, ref 0
            let error: exn option ref = ref None

            let takeItems () =
                try
                    let worker = Interlocked.Increment started - 1
                    let mutable item = Interlocked.Increment taken - 1

                    while item < items && error.Value.IsNone do
                        work.Invoke(worker, item, item + 1)
                        item <- Interlocked.Increment taken - 1
                with raised ->
                    lock error (fun () -> error.Value <- error.Value |> Option.orElse (Some raised))

            let isWorthSharing = items > 1 && int64 items * itemCost >= leastCost
            OpenMP.run (if isWorthSharing then workers else 1) takeItems
            error.Value |> Option.iter ExceptionDispatchInfo.Throw

/// Which devices the loops of A3.Kernels are for.
[<RequireQualifiedAccess>]
module internal CpuKernels =

    /// A CPU that multiplies and adds at once, and whose threads can be had.
    let areFor (device: torch.Device) =
        device.``type`` = DeviceType.CPU && TileKernel.IsOfUse && OpenMP.isThere ()
