/// What C# sees: the public types of namespace `A3`.
module A3.Model.Tests.SurfaceLaws

open System
open System.Reflection
open Expecto

let private types =
    typeof<A3.Grouping>.Assembly.GetExportedTypes()
    |> Array.filter (fun candidate -> candidate.Namespace = "A3")

/// A type with everything it is made of.
let rec private parts (subject: Type) =
    seq {
        subject

        if subject.HasElementType then
            match subject.GetElementType() with
            | null -> ()
            | element -> yield! parts element

        yield! subject.GetGenericArguments() |> Seq.collect parts
    }

let private members (subject: Type) =
    subject.GetMembers(
        BindingFlags.Public
        ||| BindingFlags.Instance
        ||| BindingFlags.Static
        ||| BindingFlags.DeclaredOnly
    )

/// The types that a member shows.
let private shown (subject: MemberInfo) =
    match subject with
    | :? MethodInfo as method -> Seq.append [ method.ReturnType ] (method.GetParameters() |> Seq.map _.ParameterType)
    | :? ConstructorInfo as constructor -> constructor.GetParameters() |> Seq.map _.ParameterType
    | :? PropertyInfo as property -> Seq.singleton property.PropertyType
    | :? FieldInfo as field -> Seq.singleton field.FieldType
    | _ -> Seq.empty

let private ownOrSystem (subject: Type) =
    match subject.Namespace with
    | null -> subject.IsGenericParameter
    | "A3" -> true
    | name -> name = "System" || name.StartsWith "System."

let private texts: (string * Type * string) list =
    [
        "order", typeof<A3.Order>, "reverse (random 7) then bisect"
        "partition", typeof<A3.Partition>, "given 0..3 8 / 4 7 / 5..6"
        "grouping", typeof<A3.Grouping>, "given 0 | random 7 | chunks 4"
        "mask", typeof<A3.Mask>, "earlier-group and not (same-document or not-padding)"
        "factorization", typeof<A3.Factorization>, "p(4 7 | 0..3) p(5..6 | 0..4 7)"
        "policy", typeof<A3.Policy>, "entropy | threshold 0.9 | window 16"
        "curriculum", typeof<A3.Curriculum>, "stage 1: 2 * (prefix causal | bisect | words)"
    ]

let private call (method: string) (subject: Type) (arguments: (obj | null) array) =
    match subject.GetMethod method with
    | null -> failtest $"{subject.Name} has no {method}"
    | found ->
        try
            found.Invoke(null, arguments)
        with :? TargetInvocationException as error when not (isNull error.InnerException) ->
            raise (nonNull error.InnerException)

let private textForms =
    texts
    |> List.map (fun (noun, subject, text) ->
        test $"{noun}: Parse, TryParse, ToString and equality agree" {
            let parsed = call "Parse" subject [| text |]
            Expect.equal (string parsed) text "ToString gives the text back"
            Expect.equal (call "Parse" subject [| text |]) parsed "equal text, equal value"
            Expect.equal (hash (call "Parse" subject [| text |])) (hash parsed) "equal value, equal hash"
            let arguments: (obj | null) array = [| text; null |]
            Expect.equal (call "TryParse" subject arguments) (box true) "TryParse"
            Expect.equal arguments[1] parsed "its result"
            let arguments: (obj | null) array = [| "no such thing"; null |]
            Expect.equal (call "TryParse" subject arguments) (box false) "TryParse of nonsense"
            Expect.isNull arguments[1] "its result"
            let arguments: (obj | null) array = [| null; null |]
            Expect.equal (call "TryParse" subject arguments) (box false) "TryParse of null"

            Expect.throwsT<A3.SpecificationException>
                (fun () -> call "Parse" subject [| "no such thing" |] |> ignore)
                "Parse of nonsense"

            Expect.throwsT<ArgumentNullException> (fun () -> call "Parse" subject [| null |] |> ignore) "Parse of null"
        })

let private facade =
    [
        test "the classes build what the text forms say" {
            let equal (expected: string) (value: obj) =
                Expect.equal (string value) expected expected

            let bisect = A3.Order.Bisect
            equal "strided 3" (A3.Order.Strided 3)
            equal "blockwise 4 (random 7)" (A3.Order.Blockwise(4, A3.Order.Random 7L))
            equal "within 2..5 bisect then right-to-left" (bisect.Within(2, 5).Then A3.Order.RightToLeft)
            equal "compose bisect (explicit 3 1)" (bisect.Compose(A3.Order.Explicit(3, 1)))
            equal "random 7 | chunks 4" (A3.Grouping.Chunks(A3.Order.Random 7L, 4))
            equal "bisect | cosine 8 | coarsen 2" (A3.Grouping.Cosine(bisect, 8).Coarsen 2)
            equal "given 0..2 5 | bisect | singletons" (A3.Grouping.Singletons(bisect).Given(5, 0, 1, 2))

            equal
                "left-to-right | all-at-once | refine (bisect | sizes 1 2)"
                (A3.Grouping.AllAtOnce.Refine(A3.Grouping.Sizes(bisect, 1, 2)))

            equal "margin | constant 2 | window 9" (A3.Policy.Adaptive(A3.Criterion.Margin, 2).WithWindow 9)
            equal "entropy | threshold 0.5" (A3.Policy.AdaptiveAbove(A3.Criterion.Entropy, 0.5))
            equal "given 0 2 / 1 / 3" (A3.Grouping.Singletons(A3.Order.LeftToRight).Resolve(4, [| 2; 0 |]))
            equal "stage 1: (left-to-right | singletons)" A3.Curriculum.Ar
            equal "given 0 / 1 / 2" (A3.Curriculum.Ar.Fit(1000L, 10.0, 8).Draw(1L, 0.5, 3))

            let course =
                A3.Curriculum.Parse("stage 25 steps: bisect; stage rest: random").Fit(1000L, 10.0, 8)

            Expect.equal course.Shares [| 0.25; 0.75 |] "a stage in steps"
            let sentences = A3.Grouping.Parse "left-to-right | sentences"
            Expect.isTrue sentences.NeedsText "sentences need a text"
            Expect.isFalse (A3.Grouping.Singletons bisect).NeedsText "positions need none"
            Expect.throwsT<A3.A3Exception> (fun () -> sentences.Resolve 4 |> ignore) "no text"
            equal "given 0 / 1 / 2..3" (sentences.Resolve(4, [| 0 |], [||], [| 0; 2 |]))
            let three = A3.Partition.Parse "given 0 / 2 / 1"
            equal "p(2 | 0) p(1 | 0 2)" (A3.Factorization.Of three)
            Expect.equal (A3.Factorization.Of(three).ToPartition()) three "there and back"
            Expect.equal (A3.Factorization.Of(three).Factors[1].Context) [| 0; 2 |] "context of the second factor"

            Expect.equal
                (A3.Mask.Content.And(A3.Mask.Query.Not()))
                (A3.Mask.Parse "(earlier-group or same-group) and not earlier-group")
                "own group"

            let query = A3.Mask.Query.Matrix three
            Expect.equal (query[1, 2], query[2, 1]) (true, false) "position 1 sees position 2, not the reverse"
            Expect.equal (bisect.Resolve 3) [| 1; 0; 2 |] "resolved"
            Expect.equal (A3.Partition.OfGroups([| [| 1 |]; [| 0; 2 |] |], 1).Ranks) [| 1; 0; 1 |] "ranks"
        }

        test "numbers outside their range are refused" {
            let refused (build: unit -> obj) =
                Expect.throwsT<ArgumentOutOfRangeException> (build >> ignore) "out of range"

            refused (fun () -> A3.Order.Strided 0)
            refused (fun () -> A3.Order.Explicit(1, -1))
            refused (fun () -> A3.Order.Bisect.Within(3, 2))
            refused (fun () -> A3.Order.Bisect.Resolve -1)
            refused (fun () -> A3.Grouping.Chunks(A3.Order.Bisect, 0))
            refused (fun () -> A3.Grouping.Geometric(A3.Order.Bisect, 1, nan))
            refused (fun () -> A3.Grouping.Geometric(A3.Order.Bisect, 1, infinity))
            refused (fun () -> A3.Policy.Adaptive(A3.Criterion.Entropy, 0))
            refused (fun () -> A3.Curriculum.Ar.Fit(0L, 10.0, 8))
            refused (fun () -> A3.Curriculum.Ar.Fit(9L, nan, 8))
            refused (fun () -> A3.Policy.Adaptive(enum 9, 1))
            refused (fun () -> A3.Policy.AdaptiveAbove(A3.Criterion.Entropy, nan))

            Expect.throwsT<ArgumentException>
                (fun () -> A3.Grouping.AllAtOnce.Resolve(4, [| 4 |]) |> ignore)
                "given position outside"

            Expect.throwsT<ArgumentException> (fun () -> A3.Partition.OfGroups([| 1 |]) |> ignore) "not a partition"

            Expect.throwsT<A3.A3Exception>
                (fun () -> A3.Curriculum.Paper.Fit(1000L, 10.0, 7) |> ignore)
                "groups of 8 in a context of 7"

            Expect.throwsT<A3.A3Exception>
                (fun () -> A3.Factorization.Parse("p(0) p(1)").ToPartition() |> ignore)
                "factors that forget"

            Expect.throwsT<A3.A3Exception>
                (fun () -> A3.Policy.Fixed(A3.Grouping.AllAtOnce).WithWindow 3 |> ignore)
                "window of a fixed policy"
        }
    ]

let tests =
    testList
        "surface"
        [
            test "namespace A3 has no types of F# in what C# sees" {
                let foreign =
                    [
                        for subject in types do
                            for seen in members subject do
                                for part in Seq.collect parts (shown seen) do
                                    if not (ownOrSystem part) then
                                        $"{subject.Name}.{seen.Name}: {part.FullName}"
                    ]

                Expect.isGreaterThan types.Length 6 "types looked at"
                Expect.isEmpty foreign "foreign types"
            }

            test "every class of namespace A3 but the root of the exceptions is sealed and has no public constructor" {
                for subject in
                    types
                    |> Array.filter (fun kind -> kind.IsClass && kind <> typeof<A3.A3Exception>) do
                    Expect.isTrue subject.IsSealed subject.Name
                    Expect.isEmpty (subject.GetConstructors()) subject.Name
            }

            testList "text forms" textForms
            testList "facade" facade
        ]
