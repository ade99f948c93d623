module A3.Tensor.Tests.NativeLaws

open System
open System.IO
open A3.Tensors
open Expecto

let private inFolder (names: string list) (check: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "a3-tests-"

    try
        for name in names do
            folder.CreateSubdirectory name |> ignore

        check folder.FullName
    finally
        folder.Delete true

let tests =
    testSequenced
    <| testList
        "native libraries"
        [
            test "Package folders are versions in the order of versions" {
                let ascending =
                    [
                        "junk"
                        "1.0.0-alpha"
                        "1.0.0-alpha.1"
                        "1.0.0-alpha.beta"
                        "1.0.0-beta.2"
                        "1.0.0-beta.11"
                        "1.0.0-rc.1"
                        "1.0.0"
                        "2.9.1"
                        "2.10.0-rc.1+build.5"
                        "2.10"
                        "2.10.0.1"
                        "10.0.0"
                    ]

                let shuffled = ascending |> List.sortBy (fun name -> name.Length, hash name)
                Expect.equal (List.sortBy PackageVersion.key shuffled) ascending "order"
                Expect.equal (PackageVersion.key "2.10") (PackageVersion.key "2.10.0.0+build") "equal"
            }

            test "The newest version of a package is looked at first" {
                inFolder [ "torchsharp/2.9.1"; "torchsharp/2.10.0"; "torchsharp/2.10.0-rc.1" ]
                <| fun cache ->
                    let names = Native.versions cache "torchsharp" |> List.map Path.GetFileName
                    Expect.equal names [ "2.10.0"; "2.10.0-rc.1"; "2.9.1" ] "newest first"
                    Expect.isEmpty (Native.versions cache "other") "no such package"
            }

            // A folder of repaired libraries could be filled by whoever may write where it lies.
            test "A repaired library lies in the memory of this process alone" {
                if OperatingSystem.IsLinux() then
                    Native.ensure ()

                    let places =
                        File.ReadAllLines "/proc/self/maps"
                        |> Array.filter (fun line -> line.Contains "LibTorchSharp")
                        |> Array.map (fun line -> line.Substring(line.IndexOf '/'))
                        |> Array.distinct

                    Expect.isNonEmpty places "loaded"

                    for place in places do
                        let shipped =
                            place.Contains $"{Path.DirectorySeparatorChar}runtimes{Path.DirectorySeparatorChar}"
                            || place.StartsWith AppContext.BaseDirectory

                        Expect.isTrue (place.StartsWith "/memfd:" || shipped) place
            }
        ]
