// Does growing the groups in stages beat training on the last stage alone? Trains the same toy network with the curricula
// `paper` and `direct` on the same tokens and prints their validation losses. Run after a build:
//     dotnet fsi experiments/two-curricula.fsx [TOKENS]
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
#r "Cli/bin/Release/net10.0/A3.Torch.dll"
#load "library/arguments.fsx"

open System.IO
open A3
open A3.Runtime.Sampling
open A3.Torch.Training

let tokens =
    match fsi.CommandLineArgs with
    | [| _ |] -> 60_000L
    | [| _; tokens |] -> Arguments.whole "TOKENS" 1L tokens
    | _ ->
        eprintfn "usage: dotnet fsi experiments/two-curricula.fsx [TOKENS]"
        exit 2

let stories = Path.Combine(__SOURCE_DIRECTORY__, "toy", "stories.txt")

let train curriculum =
    let folder = Directory.CreateTempSubdirectory("a3-curricula-").FullName

    let options =
        TrainingOptions(
            Data = [| stories |],
            Validation = [| stories |],
            Output = folder,
            Curriculum = curriculum,
            Tokens = tokens,
            Vocabulary = 400,
            Width = 32,
            Layers = 2,
            Heads = 2,
            Context = 96,
            BatchTokens = 768,
            LearningRate = 5e-3
        )

    let mutable last: TrainingProgress option = None

    let keep =
        { new System.IProgress<TrainingProgress> with
            member _.Report progress =
                if progress.Validation.Count > 0 then
                    last <- Some progress
        }

    using (Trainer.Start options) (fun trainer -> trainer.Run keep)
    Directory.Delete(folder, true)
    last.Value.Validation

let results =
    [ for curriculum in [ "paper"; "direct" ] -> curriculum, train curriculum ]

let measures = (snd results.Head).Keys |> List.ofSeq

printfn "nats per token after %d tokens of %s" tokens (Path.GetFileName stories)
printfn "%-30s %s" "" (results |> List.map (fun (name, _) -> $"{name, 8}") |> String.concat " ")

for measure in measures do
    let losses = results |> List.map (fun (_, losses) -> $"{losses[measure], 8:F3}")
    printfn "%-30s %s" measure (String.concat " " losses)
