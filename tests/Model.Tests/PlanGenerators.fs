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

    let piece =
        Gen.oneof [ Gen.map EvidenceRun.Positions range; Gen.constant EvidenceRun.Sentence ]

    let context =
        Gen.oneof
            [
                Gen.constant EvidenceModel.Start
                Gen.map EvidenceModel.Boundaries reading
                Gen.map EvidenceModel.Prefix reading
                Gen.map3 (fun count piece reading -> EvidenceModel.Gaps(count, piece, reading)) range piece reading
                Gen.map3 (fun count piece reading -> EvidenceModel.Kept(count, piece, reading)) range piece reading
                Gen.map EvidenceModel.Scattered reading
            ]

    let recipe =
        Gen.oneof
            [
                Gen.map Recipe.Template (groupingOf false readable)
                Gen.map2 (fun order sizes -> Recipe.Expand(order, sizes.Lowest, sizes.Highest)) (orderOf readable) range
            ]

    let weight =
        Gen.elements
            [
                { From = 1.0; To = 1.0 }
                { From = 2.0; To = 2.0 }
                { From = 0.1; To = 1e9 }
                { From = 1.0 / 3.0; To = 0.1 }
            ]

    Gen.map4
        (fun weight weighting context recipe ->
            {
                Weight = weight
                Weighting = weighting
                Context = context
                Recipe = recipe
            })
        weight
        (Gen.elements [ Weighting.Even; Weighting.InverseShare ])
        context
        recipe

/// A run that every curriculum of these generators fits.
let plan =
    {
        Tokens = 10_000_000L
        TokensPerStep = 100.0
        Context = System.Int32.MaxValue
    }

let private losses =
    Gen.map2
        (fun query content -> { Query = query; Content = content })
        (Gen.elements [ 1.0; 0.25; 1e-3 ])
        (Gen.elements [ None; Some 0.0; Some 0.5; Some 7.0 ])

/// Durations of stages of these proportions: shares alone, or shares, steps and tokens around one that takes the rest.
let private durations (parts: int list) =
    let sum = parts |> List.sum |> float

    let inAnyUnit part =
        Gen.elements
            [
                Duration.Share(float part / sum)
                Duration.Steps(int64 part)
                Duration.Tokens(int64 part * 10L)
            ]

    let withRest rest =
        parts
        |> List.mapi (fun index part ->
            if index = rest then
                Gen.constant Duration.Rest
            else
                inAnyUnit part)
        |> Gen.sequenceToList

    Gen.oneof
        [
            Gen.constant (parts |> List.map (fun part -> Duration.Share(float part / sum)))
            Gen.choose (0, parts.Length - 1) >>= withRest
        ]

let private curriculumOf (mixtures: MixtureComponent list list) =
    mixtures
    |> List.map (fun mixture ->
        {
            Duration = Duration.Share(1.0 / float mixtures.Length)
            Losses = Stage.ordinary
            Mixture = mixture
        })
    |> Curriculum.create

let curriculum =
    let stage =
        gen {
            let! losses = losses
            let! first = draw
            let! others = upTo 3 draw
            return losses, first :: others
        }

    let generator =
        gen {
            let! first = stage
            let! others = upTo 3 stage
            let stages = first :: others
            let! parts = Gen.listOfLength stages.Length (Gen.choose (1, 9))
            let! durations = durations parts

            return
                List.zip durations stages
                |> List.map (fun (duration, (losses, mixture)) ->
                    {
                        Duration = duration
                        Losses = losses
                        Mixture = mixture
                    })
                |> Curriculum.create
        }

    let shrink curriculum =
        match Curriculum.stages curriculum |> List.map _.Mixture with
        | [ [ draw ] ] ->
            if draw.Context = EvidenceModel.Start then
                Seq.empty
            else
                Seq.singleton (
                    curriculumOf
                        [
                            [
                                { draw with
                                    Context = EvidenceModel.Start
                                }
                            ]
                        ]
                )
        | [ mixture ] -> mixture |> Seq.map (fun draw -> curriculumOf [ [ draw ] ])
        | mixtures -> mixtures |> Seq.map (fun mixture -> curriculumOf [ mixture ])

    Arb.fromGenShrink (generator, shrink)
