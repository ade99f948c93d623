// How good are models on stories they have not seen, beside one another? Scores whole stories, and their middle sentence given
// what stands around it, in bits per byte, and compares what the models write in its place with what stood there. Run after a
// build:
//     dotnet fsi experiments/evaluate.fsx STORIES.txt COUNT [a3=DIR] [ar=DIR] [fim=DIR] [diffusion=DIR] [--json FILE]
//     dotnet fsi experiments/evaluate.fsx --check
// a3 reads in any order; ar was trained as a causal model, fim as one on what fill-in-the-middle.fsx writes, diffusion with the
// curriculum masked-diffusion.
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
#r "Cli/bin/Release/net10.0/A3.Torch.dll"
// In one line: files loaded by two would be two modules.
#load "library/arguments.fsx" "library/measures.fsx" "library/checks.fsx"

open System.IO
open System.Text.Json
open A3
open A3.Runtime.Networks
open A3.Torch.Training
open Scores
open Measures

type Arguments =
    {
        Stories: string
        Count: int
        Models: Map<string, string>
        Json: string option
    }

let usage () =
    eprintfn
        "usage: dotnet fsi experiments/evaluate.fsx STORIES.txt COUNT [a3=DIR] [ar=DIR] [fim=DIR] [diffusion=DIR] [--json FILE]"

    eprintfn "       dotnet fsi experiments/evaluate.fsx --check"
    exit 2

let rec options arguments rest =
    match rest with
    | [] -> arguments
    | "--json" :: file :: rest -> options { arguments with Json = Some file } rest
    | (model: string) :: rest ->
        match model.Split('=', 2) with
        | [| kind; _ |] when arguments.Models.ContainsKey kind ->
            eprintfn $"{model}: there is a model {kind}= already; give each kind once."
            exit 2
        | [| kind; directory |] when List.contains kind kinds ->
            options
                { arguments with
                    Models = arguments.Models.Add(kind, directory)
                }
                rest
        | _ -> usage ()

let load (directory: string) =
    A3Model.Load(directory, LoadOptions(Threads = 1))

/// The first stories that every model can read in every form; a gap's sentinels take some positions.
let choose count (models: A3Model list) file =
    let fits (story: Story) (model: A3Model) =
        (fst (encode model story)).Length + Stories.positions
        <= model.Architecture.Context

    Stories.read file
    |> Seq.map Stories.sentences
    |> Seq.filter (fun sentences -> sentences.Length >= 3)
    |> Seq.map (fun sentences -> { Index = 0; Sentences = sentences })
    |> Seq.filter (fun story -> List.forall (fits story) models)
    |> Seq.truncate count
    |> Seq.mapi (fun index story -> { story with Index = index })
    |> Array.ofSeq

/// A numerator and a denominator of every story, from each of the models that have them.
type Row =
    {
        Name: string
        Ratios: Map<string, (float * float)[]>
    }

    member row.Values =
        row.Ratios
        |> Map.map (fun _ ratios -> Array.sumBy fst ratios / Array.sumBy snd ratios)

let evaluate (models: Map<string, A3Model>) stories measure =
    let timed kind ratios =
        let clock = System.Diagnostics.Stopwatch.StartNew()
        let all = stories |> Array.map (ratios models[kind])
        eprintfn $"{kind}: {measure.Rows.Head}, {clock.Elapsed.TotalSeconds:F1} s"
        all

    let all =
        measure.Of
        |> Map.filter (fun kind _ -> models.ContainsKey kind)
        |> Map.map timed

    measure.Rows
    |> List.mapi (fun row name ->
        {
            Name = name
            Ratios = all |> Map.map (fun _ -> Array.map (List.item row))
        })

let print used rows =
    let line name cells =
        printfn "%-44s%s" name (cells |> List.map (sprintf "%11s") |> System.String.Concat)

    let cell (row: Row) kind =
        row.Values.TryFind kind
        |> Option.map (sprintf "%.3f")
        |> Option.defaultValue "-"

    line "" used

    for row in rows do
        used |> List.map (cell row) |> line row.Name

    notes |> List.iter (printfn "%s")

/// The table and, so that models can be compared story by story, what it was made of.
let write (file: string) arguments count rows =
    let row (row: Row) =
        {|
            measure = row.Name
            values = row.Values
            stories = row.Ratios |> Map.map (fun _ -> Array.map (fun (part, whole) -> part / whole))
        |}

    let report =
        {|
            file = Path.GetFileName arguments.Stories
            stories = count
            seed = seed
            draws = draws
            models = arguments.Models
            rows = List.map row rows
        |}

    File.WriteAllText(file, JsonSerializer.Serialize report + "\n")

let run arguments =
    let models = arguments.Models |> Map.map (fun _ directory -> load directory)
    let stories = choose arguments.Count (List.ofSeq models.Values) arguments.Stories

    if models.IsEmpty || stories.Length = 0 then
        eprintfn
            $"{models.Count} models and {stories.Length} stories of three sentences that fit them; give at least one of each."

        exit 2

    printfn
        $"{stories.Length} stories of {Path.GetFileName arguments.Stories}, seed {seed}, {draws} draws; bits per byte, ROUGE as F1, passes of a fill"

    let rows = measures |> List.collect (evaluate models stories)
    print (kinds |> List.filter models.ContainsKey) rows

    arguments.Json
    |> Option.iter (fun file -> write file arguments stories.Length rows)

    for model in models.Values do
        model.Dispose()

match List.ofArray fsi.CommandLineArgs |> List.tail with
| [ "--check" ] -> exit (using (load (Path.Combine(__SOURCE_DIRECTORY__, "models", "tinystories-a3"))) Checks.run)
| stories :: count :: rest ->
    run (
        options
            {
                Stories = stories
                Count = Arguments.count "COUNT" count
                Models = Map.empty
                Json = None
            }
            rest
    )
| _ -> usage ()
