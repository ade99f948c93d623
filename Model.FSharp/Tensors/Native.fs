namespace A3.Model.Tensors

open System
open System.IO
open System.Reflection
open System.Runtime.InteropServices
open System.Runtime.Loader
open TorchSharp

/// The libraries of libtorch could not be loaded; the message says what was looked for, where, and what to install.
type NativeLibraryException(message: string, inner: exn | null) =
    inherit A3.A3Exception(message, inner)

/// Loads libtorch and LibTorchSharp by full path, in the order of their dependencies, before TorchSharp looks for them
/// itself: this finds them from `dotnet run`, `dotnet test`, a published program and a script alike, keeps an older
/// system libtorch out, and repairs the one link marker that keeps LibTorchSharp from loading on systems before GCC 13.
[<RequireQualifiedAccess>]
module Native =

    /// The environment variable that names another libtorch, for example an existing PyTorch's `torch/lib`.
    let variable = "A3_LIBTORCH"

    let private platform, prefix, suffix =
        if OperatingSystem.IsWindows() then
            "win-x64", "", ".dll"
        elif OperatingSystem.IsMacOS() then
            "osx-arm64", "lib", ".dylib"
        else
            "linux-x64", "lib", ".so"

    let private fileName library = $"{prefix}{library}{suffix}"

    let private bridge = "LibTorchSharp"

    /// GCC 13's link marker `_ZSt21ios_base_library_initv`; it has no relocation and is never called.
    let private marker = "GLIBCXX_3.4.32"

    /// In the order of their dependencies; those after the first three exist in CUDA builds only.
    let private libraries = [ "c10"; "torch_cpu"; "c10_cuda"; "torch_cuda"; "torch" ]

    let private packages =
        match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
        | null
        | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
        | folder -> folder

    /// Folders beside the program, beside this assembly, and in the package cache.
    let private folders package =
        let cached =
            let root = Path.Combine(packages, package)

            if Directory.Exists root then
                Directory.GetDirectories root
                |> Array.sortDescending
                |> Array.map (fun version -> Path.Combine(version, "runtimes", platform, "native"))
                |> List.ofArray
            else
                []

        let beside =
            AppContext.BaseDirectory
            :: (Assembly.GetExecutingAssembly().Location
                |> Path.GetDirectoryName
                |> Option.ofObj
                |> Option.toList)
            |> List.filter (fun folder -> folder <> "")
            |> List.distinct
            |> List.collect (fun folder -> [ folder; Path.Combine(folder, "runtimes", platform, "native") ])

        beside @ cached

    let private find library package =
        folders package
        |> List.tryFind (fun folder -> File.Exists(Path.Combine(folder, fileName library)))

    let private fail (message: string) (inner: exn | null) : 'a =
        raise (NativeLibraryException(message, inner))

    let private load (path: string) =
        try
            NativeLibrary.Load path
        with error ->
            fail $"{path} could not be loaded: {error.Message.Trim()}" error

    let private privateFolder name =
        let root =
            match Environment.GetFolderPath Environment.SpecialFolder.LocalApplicationData with
            | "" -> Path.Combine(Path.GetTempPath(), $"a3-{Environment.UserName}")
            | folder -> Path.Combine(folder, "a3")

        let folder = Path.Combine(root, name)

        if OperatingSystem.IsWindows() then
            Directory.CreateDirectory folder |> ignore
        else
            Directory.CreateDirectory(
                folder,
                UnixFileMode.UserRead ||| UnixFileMode.UserWrite ||| UnixFileMode.UserExecute
            )
            |> ignore

        folder

    /// A copy of the library that loads on older systems, kept in the user's own folder and checked byte by byte before
    /// each use.
    let private repaired (path: string) =
        File.ReadAllBytes path
        |> Elf.weaken marker
        |> Option.map (fun image ->
            let folder = privateFolder $"torchsharp-{typeof<torch>.Assembly.GetName().Version}"
            let copy = Path.Combine(folder, fileName bridge)

            if not (File.Exists copy) || File.ReadAllBytes copy <> image then
                let draft = $"{copy}.{Environment.ProcessId}"
                File.WriteAllBytes(draft, image)
                File.Move(draft, copy, true)

            copy)

    let private loadBridge path =
        try
            NativeLibrary.Load path
        with error when OperatingSystem.IsLinux() && error.Message.Contains marker ->
            match repaired path with
            | Some copy -> load copy
            | None -> fail $"{path} could not be loaded: {error.Message.Trim()}" error

    let private torchFolder () =
        let wanted = fileName "torch_cpu"

        match Environment.GetEnvironmentVariable variable with
        | null
        | "" ->
            let package = $"libtorch-cpu-{platform}"

            match find "torch_cpu" package with
            | Some folder -> folder
            | None ->
                fail
                    $"libtorch was not found: no {wanted} beside the program nor in the package cache. Reference the package {package}, or set {variable} to the folder of an existing libtorch 2.10 (for PyTorch: site-packages/torch/lib)."
                    null
        | folder when File.Exists(Path.Combine(folder, wanted)) -> folder
        | folder -> fail $"{variable} = {folder}, but there is no {wanted} in it." null

    let private start () =
        let folder = torchFolder ()

        let torchHandles =
            libraries
            |> List.filter (fun library -> File.Exists(Path.Combine(folder, fileName library)))
            |> List.map (fun library -> library, load (Path.Combine(folder, fileName library)))

        let bridgeHandle =
            match find bridge "torchsharp" with
            | Some folder -> loadBridge (Path.Combine(folder, fileName bridge))
            | None ->
                fail
                    $"{bridge} was not found beside the program nor in the package cache. Reference the package TorchSharp."
                    null

        let handles = Map.ofList ((bridge, bridgeHandle) :: torchHandles)

        AssemblyLoadContext.Default.add_ResolvingUnmanagedDll (fun _ name ->
            handles
            |> Map.tryPick (fun library handle ->
                if name = library || name = $"{prefix}{library}" || name = fileName library then
                    Some handle
                else
                    None)
            |> Option.defaultValue IntPtr.Zero)

        torch.InitializeDeviceType DeviceType.CPU
        handles

    let private started = lazy start ()

    /// Loads the libraries once; every way into the tensor layer calls this first.
    let ensure () = started.Force() |> ignore

    /// Where a function of a library of libtorch, or of those that it needs, lies in memory.
    let symbol library name =
        match NativeLibrary.TryGetExport(started.Value[library], name) with
        | true, address -> Some address
        | false, _ -> None
