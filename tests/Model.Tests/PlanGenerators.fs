/// Arbitrary policies and curricula with shrinkers.
module A3.Model.Tests.PlanGenerators

open A3.Model
open A3.Model.Tests.Generators
open FsCheck
open FsCheck.FSharp

let policy =
    let criterion =
        Gen.elements
            [
                Criterion.Confidence
                Criterion.Entropy
                Criterion.Margin
                Criterion.Random
                Criterion.Leftmost
            ]

    let threshold criterion =
        match criterion with
        | Criterion.Entropy -> [ 0.5; 0.9; 1e-300; 12345678.9 ]
        | _ -> [ 0.5; 0.9; 1e-300; 1.0 ]

    let amount criterion =
        Gen.oneof
            [
                Gen.map Amount.Constant size
                Gen.map Amount.Threshold (Gen.elements (threshold criterion))
                Gen.map Amount.Scheduled (scheduleOf readable)
            ]

    let adaptive =
        gen {
            let! criterion = criterion
            let! amount = amount criterion
            let! window = Gen.optionOf size
            return Policy.Adaptive(criterion, amount, window)
        }

    let shrink policy =
        match policy with
        | Policy.Fixed grouping -> shrinkGrouping grouping |> Seq.map Policy.Fixed
        | Policy.Adaptive(criterion, amount, Some _) -> Seq.singleton (Policy.Adaptive(criterion, amount, None))
        | Policy.Adaptive(_, _, None) -> Seq.empty

    Arb.fromGenShrink (Gen.oneof [ Gen.map Policy.Fixed (groupingOf true readable); adaptive ], shrink)

let private range =
    Gen.map2
        (fun first last ->
            {
                Lowest = min first last
                Highest = max first last
            })
        (Gen.choose (1, 6))
        (Gen.choose (1, 40))

let draw =
    let reading =
        Gen.elements [ Reading.Bidirectional; Reading.Causal; Reading.Predicted ]

    let context =
        Gen.oneof
            [
                Gen.constant Context.Start
                Gen.map Context.Prefix reading
                Gen.map3 (fun count length reading -> Context.Gaps(count, length, reading)) range range reading
            ]

    let recipe =
        Gen.oneof
            [
                Gen.map Recipe.Template (groupingOf false readable)
                Gen.map2 (fun order sizes -> Recipe.Expand(order, sizes.Lowest, sizes.Highest)) (orderOf readable) range
            ]

    Gen.map3
        (fun weight context recipe ->
            {
                Weight = weight
                Context = context
                Recipe = recipe
            })
        (Gen.elements [ 1.0; 2.0; 0.1; 1e9; 1.0 / 3.0 ])
        context
        recipe

let private curriculumOf (stages: (int * Draw list) list) =
    let sum = stages |> List.sumBy fst |> float

    stages
    |> List.map (fun (share, mixture) ->
        {
            Share = float share / sum
            Mixture = mixture
        })
    |> Curriculum.create

let curriculum =
    let stage =
        gen {
            let! share = Gen.choose (1, 9)
            let! first = draw
            let! others = upTo 3 draw
            return share, first :: others
        }

    let generator =
        gen {
            let! first = stage
            let! others = upTo 3 stage
            return curriculumOf (first :: others)
        }

    let shrink curriculum =
        let stages =
            Curriculum.stages curriculum |> List.map (fun stage -> 1, stage.Mixture)

        match stages with
        | [ _, [ draw ] ] ->
            if draw.Context = Context.Start then
                Seq.empty
            else
                Seq.singleton (curriculumOf [ 1, [ { draw with Context = Context.Start } ] ])
        | [ _, mixture ] -> mixture |> Seq.map (fun draw -> curriculumOf [ 1, [ draw ] ])
        | stages -> stages |> Seq.map (fun stage -> curriculumOf [ stage ])

    Arb.fromGenShrink (generator, shrink)
