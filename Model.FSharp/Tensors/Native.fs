namespace A3.Tensors

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

    /// The package cache: of an account without a home there is none, rather than one in the folder where the program runs.
    let private packages =
        let cache =
            match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
            | folder -> folder

        Some cache |> Option.filter Path.IsPathFullyQualified

    /// The folders of a package in a cache, the newest version first.
    let internal versions (cache: string) (package: string) =
        let root = Path.Combine(cache, package)

        if Directory.Exists root then
            Directory.GetDirectories root
            |> List.ofArray
            |> List.sortByDescending (fun folder -> PackageVersion.key (Path.GetFileName folder |> string))
        else
            []

    /// Folders beside the program, beside this assembly, and in the package cache.
    let private folders package =
        let cached =
            packages
            |> Option.toList
            |> List.collect (fun cache -> versions cache package)
            |> List.map (fun version -> Path.Combine(version, "runtimes", platform, "native"))

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

    let private loadBridge path =
        try
            NativeLibrary.Load path
        with error when OperatingSystem.IsLinux() && error.Message.Contains marker ->
            match File.ReadAllBytes path |> Elf.weaken marker with
            | None -> fail $"{path} could not be loaded: {error.Message.Trim()}" error
            | Some image ->
                try
                    MemoryLibrary.load bridge image
                with cause ->
                    fail
                        $"{path} needs {marker}, which this system lacks, and its repaired copy could not be loaded from memory: {cause.Message.Trim()} Install the libstdc++ of GCC 13 or later."
                        cause

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
