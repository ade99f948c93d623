namespace A3.Tensors

open System
open System.Runtime.ExceptionServices
open System.Runtime.InteropServices
open System.Threading
open TorchSharp

/// The threads among which libtorch shares its operations on a CPU, for loops of our own. Threads beside them would wait for cores on
/// which these still spin, ready for the next operation.
[<RequireQualifiedAccess>]
module Team =

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Member = delegate of nativeint -> unit

    /// OpenMP's way in, `GOMP_parallel (member, data, threads, flags)`: every thread of the caller's team calls the member once.
    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private Parallel = delegate of Member * nativeint * uint32 * uint32 -> unit

    /// None where libtorch was built with other threads.
    let private entry =
        lazy
            (Native.symbol "torch_cpu" "GOMP_parallel"
             |> Option.map Marshal.GetDelegateForFunctionPointer<Parallel>)

    /// Whether the threads can be had: elsewhere a loop runs on its caller's alone.
    let isThere () = entry.Value.IsSome

    /// How many may take part in a loop that the calling thread begins.
    let members () =
        if isThere () then torch.get_num_threads () else 1

    /// Calls `work item` once for every item below `count`, in any order, each of the members with a `work` of its own, which `join` makes
    /// of its number. The first error is raised again when all have stopped.
    let share members count (join: int -> int -> unit) =
        let joined, taken = ref 0, ref 0
        let error: exn option ref = ref None

        let takePart () =
            try
                let work = join (Interlocked.Increment joined - 1)
                let mutable item = Interlocked.Increment taken - 1

                while item < count && error.Value.IsNone do
                    work item
                    item <- Interlocked.Increment taken - 1
            with raised ->
                lock error (fun () -> error.Value <- error.Value |> Option.orElse (Some raised))

        match entry.Value with
        | Some invoke when members > 1 && count > 1 ->
            let each = Member(fun _ -> takePart ())
            invoke.Invoke(each, 0n, uint32 members, 0u)
            GC.KeepAlive each
        | Some _
        | None -> takePart ()

        error.Value |> Option.iter ExceptionDispatchInfo.Throw
