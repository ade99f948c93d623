/// One Expecto test inside an xunit test.
module A3.Tests.Bridge

open Expecto
open System.Threading
open Xunit

/// Runs a test: returns where it passed, throws where it failed or crashed, skips where Expecto would not run it.
let run (test: FlatTest) =
    task {
        let! result =
            Impl.execTestAsync CancellationToken.None Impl.ExpectoConfig.defaultConfig test

        match result.result with
        | Impl.TestResult.Passed -> ()
        | Impl.TestResult.Ignored reason -> Assert.Skip reason
        | Impl.TestResult.Failed message -> Assert.Fail message
        | Impl.TestResult.Error error -> raise error
    }

/// The tests of a tree by their names.
let named tree =
    Test.toTestCodeList tree
    |> List.map (fun test -> String.concat " / " test.name, test)
    |> dict

let private outcome test =
    task {
        try
            do! Test.toTestCodeList test |> List.exactlyOne |> run
            return "passed"
        with error ->
            return error.GetType().Name
    }

let tests =
    testList
        "bridge"
        [
            testTask "xunit sees a failed, crashed, skipped and pending test as what it is" {
                for test, expected in
                    [
                        test "passes" { () }, "passed"
                        test "fails" { failtest "no" }, "FailException"
                        test "crashes" { invalidOp "no" }, "InvalidOperationException"
                        test "skips" { skiptest "no" }, "SkipException"
                        ptest "is pending" { () }, "SkipException"
                        testAsync "fails later" { failtest "no" }, "FailException"
                    ] do
                    let! outcome = outcome test
                    Expect.equal outcome expected $"{test}"
            }
        ]
