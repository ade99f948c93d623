module A3.Model.Tests.TrainingScheduleLaws

open A3.Model
open A3.Model.Tests.CurriculumSamples
open A3.Model.Tests.Generators
open A3.Model.Tests.PlanGenerators
open Expecto

let private draw =
    MixtureComponent.create 1.0 EvidenceModel.Start (Recipe.Expand(Order.LeftToRight, 1, 4))

let private stage =
    {
        Duration = Duration.Share 1.0
        Losses = Stage.ordinary
        Mixture = [ draw ]
    }

let private lasting duration = { stage with Duration = duration }

let private validity =
    let refused name stages expected =
        test $"refused: {name}" {
            match Curriculum.tryCreate stages with
            | Ok curriculum -> failtest $"accepted {Curriculum.print curriculum}"
            | Error error -> Expect.equal error.Message expected name
        }

    let refusedDraw name draw expected =
        refused name [ { stage with Mixture = [ draw ] } ] expected

    [
        refused "no stages" [] "the curriculum has no stages; it needs at least one."
        refused
            "shares that do not sum to 1"
            [ lasting (Duration.Share 0.5) ]
            "the shares of the stages sum to 0.5; they must sum to 1."
        refused
            "a share that is not a number"
            [ lasting (Duration.Share nan) ]
            "stage 0: share NaN; a share is above 0 and at most 1."
        refused "no steps" [ stage; lasting (Duration.Steps 0L) ] "stage 1: 0 steps or tokens; a stage has at least 1."
        refused
            "steps without a stage that takes the rest"
            [ lasting (Duration.Steps 5L) ]
            "stages in steps or tokens leave the end of the run open; one stage must be `stage rest`."
        refused
            "two stages that take the rest"
            [ lasting Duration.Rest; lasting (Duration.Tokens 9L); lasting Duration.Rest ]
            "stages 0 and 2 both take the rest of the run; one stage may."
        refused
            "no rest to take"
            [ stage; lasting Duration.Rest ]
            "the shares of the stages sum to 1; beside `stage rest` they must sum to less than 1."
        refused "no components" [ { stage with Mixture = [] } ] "stage 0: no components; a stage needs at least one."
        refused
            "a loss of negative weight"
            [
                { stage with
                    Losses = { Query = 1.0; Content = Some -1.0 }
                }
            ]
            "stage 0: content -1; the weight of a stream's loss is a finite number of at least 0."
        refused
            "no loss at all"
            [
                { stage with
                    Losses = { Query = 0.0; Content = None }
                }
            ]
            "stage 0: no loss: query 0 needs content above 0."
        refused
            "weights that end at 0 together"
            [
                { stage with
                    Mixture =
                        [
                            { draw with
                                Weight = { From = 1.0; To = 0.0 }
                            }
                        ]
                }
            ]
            "stage 0: all components start or all end at weight 0; at any moment one must be above 0."
        refusedDraw
            "a weight of 0"
            (MixtureComponent.create 0.0 EvidenceModel.Start draw.Recipe)
            "stage 0: component 0: weight 0; a weight is a finite number above 0."
        refusedDraw
            "a weight that falls below 0"
            { draw with
                Weight = { From = 1.0; To = -1.0 }
            }
            "stage 0: component 0: weight 1 to -1; both ends are finite numbers of at least 0, and one is above 0."
        refusedDraw
            "an expansion that shrinks"
            (MixtureComponent.create 1.0 EvidenceModel.Start (Recipe.Expand(Order.Bisect, 4, 1)))
            "stage 0: component 0: expand 4..1; both ends are at least 1, and the first is not above the last."
        refused
            "a loss whose gradients would leave float32"
            [
                { stage with
                    Losses = { Query = 1e7; Content = None }
                }
            ]
            "stage 0: query 10000000; the weight of a stream's loss is at most 1000000."
        test "shares may miss 1 by rounding" {
            let third = lasting (Duration.Share(1.0 / 3.0))
            Expect.isOk (Curriculum.tryCreate [ third; third; third ]) "three thirds"
        }
    ]

let private schedules =
    let plan =
        {
            Tokens = 1000L
            TokensPerStep = 20.0
            Context = 64
        }

    let misfit name text expected =
        test $"does not fit: {name}" {
            match TrainingSchedule.tryFit plan (read text) with
            | Ok _ -> failtest $"{text} fits"
            | Error error -> Expect.equal error.Message expected name
        }

    [
        test "steps and tokens are counted by the plan, and one stage takes the rest" {
            let shares =
                read "stage 5 steps: bisect; stage rest: random; stage 300 tokens: bisect; stage 0.25: bisect"
                |> TrainingSchedule.fit plan
                |> TrainingSchedule.stages
                |> List.map fst

            Expect.sequenceEqual
                (shares |> List.map (fun share -> System.Math.Round(share, 9)))
                [ 0.1; 0.35; 0.3; 0.25 ]
                "shares"
        }

        misfit
            "stages longer than the run"
            "stage 50 steps: bisect; stage 500 tokens: bisect; stage rest: random"
            "the stages beside `stage rest` last 1.5 times the run's 1000 tokens; they must end before it does: shorten them, or train for longer."
        misfit
            "stages as long as the run"
            "stage 1000 tokens: bisect; stage rest: random"
            "the stages beside `stage rest` last 1 times the run's 1000 tokens; they must end before it does: shorten them, or train for longer."
        misfit
            "groups larger than the context"
            "stage 0.5: bisect; stage 0.5: random | chunks 4 + words | coarsen 65"
            "stage 1, component 1: groups of 65, but the context holds 64 positions; use smaller groups or a longer context."
        misfit
            "an expansion beyond the context"
            "left-to-right | expand 1 65"
            "stage 0, component 0: groups of 65, but the context holds 64 positions; use smaller groups or a longer context."
        misfit
            "gaps larger than the context"
            "gaps 2..3 of 32..40 causal | bisect"
            "stage 0, component 0: its context needs runs of at least 64 positions in all, but the context of the model holds 64; use shorter runs or a longer context."

        test "the built-in curricula fit" {
            for name, curriculum in Curriculum.builtIn do
                Expect.isOk (TrainingSchedule.tryFit plan curriculum) name
        }

        test "groups as large as the context fit" {
            Expect.isOk (TrainingSchedule.tryFit plan (read "random | chunks 64")) "64 of 64"
        }
    ]

let private mixtures =
    [
        for text in
            [
                "1e308 * left-to-right + 1e308 * right-to-left"
                "1.7976931348623157e308 to 0 * left-to-right + 0 to 1.7976931348623157e308 * right-to-left"
                "5e-324 * left-to-right + 5e-324 * right-to-left"
                "2 * left-to-right + 2 * right-to-left"
            ] do
            test $"both draws of '{text}' are taken" {
                let stage = read text |> Curriculum.stages |> List.exactlyOne

                let first =
                    Seq.init 400 (fun seed -> Stage.pick (Seed.ofInt seed) 0.5 stage)
                    |> Seq.filter (fun draw -> draw = stage.Mixture.Head)
                    |> Seq.length

                Expect.isTrue (first > 160 && first < 240) $"{first} of 400 are the first"
            }
    ]

let tests =
    testList
        "training schedules"
        [
            testList "validity" validity
            testList "fit" schedules
            testList "mixtures" mixtures
        ]
