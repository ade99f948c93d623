namespace A3.Tensors

open System
open System.Runtime.InteropServices
open TorchSharp

/// How many threads of the CPU libtorch shares an operation among. It asks OpenMP and MKL, which know a number for each thread that calls
/// them; `torch.set_num_threads` would set that of all threads to come, too.
[<RequireQualifiedAccess>]
module TorchThreads =

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private OfOpenMP = delegate of int -> unit

    /// Gives the number before; 0 is that of the process.
    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private OfMkl = delegate of int -> int

    let private find<'call when 'call: not struct> name =
        lazy
            (Native.symbol "torch_cpu" name
             |> Option.map Marshal.GetDelegateForFunctionPointer<'call>)

    /// None where libtorch was built with other threads.
    let private ofOpenMP = find<OfOpenMP> "omp_set_num_threads"

    /// None where it was built with other products.
    let private ofMkl = find<OfMkl> "MKL_Set_Num_Threads_Local"

    let private disposable work =
        { new IDisposable with
            member _.Dispose() = work ()
        }

    let private nothing = disposable ignore

    /// Those of an operation of the calling thread.
    let count () =
        Native.ensure ()
        torch.get_num_threads ()

    /// Operations of the calling thread have so many until what this gives is disposed of, by the same thread. Others never notice, except
    /// where libtorch was built without OpenMP: there the number is that of the process for so long.
    let limit (threads: int) =
        let before = count ()

        match ofOpenMP.Value with
        | _ when before = threads -> nothing
        | Some setOfOpenMP ->
            let setOfMkl number =
                match ofMkl.Value with
                | Some set -> set.Invoke number
                | None -> 0

            setOfOpenMP.Invoke threads
            let beforeOfMkl = setOfMkl threads

            disposable (fun () ->
                setOfOpenMP.Invoke before
                setOfMkl beforeOfMkl |> ignore)
        | None ->
            torch.set_num_threads threads
            disposable (fun () -> torch.set_num_threads before)
