module A3.Model.Tests.Program

open Expecto
open System.Threading
open Xunit

let laws =
    testList
        "laws"
        [
            test "compose (inverse p) p = identity" {
                let p =
                    A3.Model.Seed.ofInt 3
                    |> A3.Model.Seed.shuffle 9
                    |> A3.Model.Permutation.tryCreate
                    |> Result.toOption
                    |> Option.get

                Expect.equal
                    (A3.Model.Permutation.compose (A3.Model.Permutation.inverse p) p)
                    (A3.Model.Permutation.identity 9)
                    ""
            }
        ]

/// The Expecto tree as rows of an xunit theory, so that `dotnet test` lists, filters and counts each test by itself.
type Laws() =
    static let tests =
        Test.toTestCodeList laws
        |> List.map (fun test -> String.concat " / " test.name, test)
        |> dict

    static member Names = TheoryData<string>(tests.Keys)

    [<Theory>]
    [<MemberData("Names")>]
    member _.Law(name: string) =
        task {
            let! result =
                Impl.execTestAsync CancellationToken.None Impl.ExpectoConfig.defaultConfig tests[name]

            match result.result with
            | Impl.TestResult.Passed -> ()
            | other -> failwith (string other)
        }
