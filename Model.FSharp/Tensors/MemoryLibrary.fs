namespace A3.Tensors

open System
open System.IO
open System.Runtime.InteropServices
open Microsoft.Win32.SafeHandles

/// Loads a library from memory of this process alone (Linux): it lies in no folder, so nobody can put another in its place
/// between its making and its loading.
[<RequireQualifiedAccess>]
module internal MemoryLibrary =

    /// MFD_CLOEXEC: child processes do not inherit it.
    let private closedInChildren = 1u

    /// MFD_NOEXEC_SEAL: what kernels that want every such file sealed ask for; it can still be mapped as a library.
    let private sealed' = 8u

    [<DllImport("libc", SetLastError = true)>]
    extern int private memfd_create(string name, uint32 flags)

    let private create name =
        match memfd_create (name, closedInChildren) with
        | -1 -> memfd_create (name, closedInChildren ||| sealed')
        | descriptor -> descriptor

    /// The handle of a library with these bytes.
    let load (name: string) (image: byte[]) =
        let descriptor = create name

        if descriptor < 0 then
            raise (IOException $"memfd_create: {Marshal.GetLastPInvokeErrorMessage()}")

        use file =
            new FileStream(new SafeFileHandle(nativeint descriptor, true), FileAccess.Write)

        file.Write(image, 0, image.Length)
        file.Flush()
        NativeLibrary.Load $"/proc/self/fd/%d{descriptor}"
