module A3.Tensor.Tests.Program

open A3.Tests
open Expecto
open Xunit

/// The tree of all tests: a new file of laws is one more line here.
let laws =
    testList "laws" [ NativeLaws.tests; TensorLaws.tests; SpanLaws.tests; ObjectiveLaws.tests ]

/// The Expecto tree as rows of an xunit theory, so that `dotnet test` lists, filters and counts each test by itself.
type Laws() =
    static let tests = Bridge.named laws

    static member Names = TheoryData<string>(tests.Keys)

    [<Theory>]
    [<MemberData("Names")>]
    member _.Law(name: string) = Bridge.run tests[name]
