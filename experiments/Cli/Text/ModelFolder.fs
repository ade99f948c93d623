namespace A3.Cli

open System
open System.IO
open A3

/// Where checkpoints are found.
[<RequireQualifiedAccess>]
module ModelFolder =

    let private box = "tinystories-a3"

    let rec private above (folder: DirectoryInfo | null) =
        match folder with
        | null -> None
        | folder ->
            let candidate = Path.Combine(folder.FullName, "experiments", "models", box)

            if Directory.Exists candidate then
                Some candidate
            else
                above folder.Parent

    /// The model in the box: beside the program, or in the repository that the program was built in.
    let private inTheBox () =
        let beside = Path.Combine(AppContext.BaseDirectory, "models", box)

        if Directory.Exists beside then
            Some beside
        else
            above (DirectoryInfo AppContext.BaseDirectory)

    /// The directory that was named, else that of the model in the box.
    let find named =
        match named with
        | Some folder when Directory.Exists folder -> folder
        | Some folder when File.Exists folder ->
            raise (
                A3Exception
                    $"{Shown.Text folder}: is a file; a checkpoint is a directory with config.json and model.safetensors."
            )
        | Some folder -> raise (A3Exception $"{Shown.Text folder}: there is no such directory.")
        | None ->
            match inTheBox () with
            | Some folder -> folder
            | None ->
                raise (
                    A3Exception
                        $"the model in the box (experiments/models/{box}) is not there; name one with --model DIR."
                )
