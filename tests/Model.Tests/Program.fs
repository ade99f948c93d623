module A3.Model.Tests.Program

open Expecto
open System.Threading
open Xunit

let laws = testList "laws" [ TensorLaws.tests ]

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
