// How good are models on stories they have not seen, beside one another? Scores whole stories, and their middle sentence given
// what stands around it, in bits per byte, and compares what the models write in its place with what stood there. Run after a
// build:
//     dotnet fsi experiments/evaluate.fsx STORIES.txt COUNT [a3=DIR] [ar=DIR] [fim=DIR] [diffusion=DIR] [--json FILE]
//     dotnet fsi experiments/evaluate.fsx --check
// a3 reads in any order; ar was trained as a causal model, fim as one on what fill-in-the-middle.fsx writes, diffusion with the
// curriculum masked-diffusion.
#r "Cli/bin/Release/net10.0/A3.Model.dll"
#r "Cli/bin/Release/net10.0/A3.Runtime.dll"
// In one line: files loaded by two would be two modules.
#load "library/fills.fsx" "library/checks.fsx"

open System.IO
open System.Text
open System.Text.Json
open A3.Model
open A3.Runtime
open Scores
open Fills

let seed = 1

/// Draws of the bound for each story.
let draws = 8

let kinds = [ "a3"; "ar"; "fim"; "diffusion" ]

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
        | [| kind; directory |] when List.contains kind kinds ->
            options
                { arguments with
                    Models = arguments.Models.Add(kind, directory)
                }
                rest
        | _ -> usage ()

/// Rows of the table, and how each kind of model gets them: of every story a numerator and a denominator for each row, which
/// are summed over the stories before they are divided.
type Measure =
    {
        Rows: string list
        Of: Map<string, A3Model -> Story -> (float * float) list>
    }

let bitsPerByte row ways =
    let perByte bits model (story: Story) text =
        [ (bits model story, float (Encoding.UTF8.GetByteCount(text story: string))) ]

    fun text ->
        {
            Rows = [ row ]
            Of =
                ways
                |> List.map (fun (kind, bits) -> kind, (fun model story -> perByte bits model story text))
                |> Map
        }

let ofStory row ways = bitsPerByte $"story, {row}" ways _.Text

let ofMiddle row ways =
    bitsPerByte $"middle sentence, {row}" ways _.Middle

/// ROUGE of the fills and the passes of one.
let fills name sampling =
    let judge told way model story =
        let text, passes = write told way sampling seed model story

        [
            Rouge.grams 1 story.Middle text, 1.0
            Rouge.grams 2 story.Middle text, 1.0
            Rouge.longest story.Middle text, 1.0
            float passes, 1.0
        ]

    {
        Rows =
            [ "ROUGE-1"; "ROUGE-2"; "ROUGE-L"; "passes" ]
            |> List.map (fun row -> $"{name}, {row}")
        Of =
            Map
                [
                    "a3", judge bothSides LeftToRight
                    "ar", judge leftSide Causally
                    "fim", judge rearranged Causally
                    "diffusion", judge bothSides ByConfidence
                ]
    }

let random size =
    story (Grouping.chunks size (Order.Random(int64 seed)))

let measures =
    [
        ofStory
            "left to right"
            [
                "a3", story (Grouping.singletons Order.LeftToRight)
                "ar", storyCausal
                "fim", storyCausal
            ]
        ofStory "random order" [ ("a3", random 1) ]
        ofStory "random groups of 2" [ ("a3", random 2) ]
        ofStory "random groups of 4" [ ("a3", random 4) ]
        ofStory "random groups of 8" [ ("a3", random 8) ]
        ofStory "mean over orders, at most (1)" [ ("diffusion", storyBound draws seed) ]
        ofMiddle "left side given" [ "a3", middleFromLeft; "ar", middleCausal ]
        ofMiddle "both sides, one group" [ ("a3", middle Shape.given) ]
        ofMiddle "both sides, causal" [ ("a3", middle Shape.givenCausally) ]
        ofMiddle "both sides, rearranged (2)" [ ("fim", middleRearranged) ]
        ofMiddle "both sides, at most (1)" [ ("diffusion", middleBound draws seed) ]
        ofMiddle "both sides, one by one (3)" [ ("diffusion", middleReread) ]
        fills "greedy fill (4)" SamplingOptions.Greedy
        fills "sampled fill (5)" (SamplingOptions(Temperature = 1.0, TopP = 0.95))
    ]

let notes =
    [
        $"(1) upper bound of masked diffusion, {draws} draws a story; its cost of the text is at most this"
        "(2) fill-in-the-middle form; the mark that ends the middle is not counted"
        "(3) left to right, everything known read anew as one group, a pass for each token"
        "(4) fills of the middle sentence, F1 against it; every model is told its true number of tokens"
        $"(5) the same at temperature 1, top-p 0.95, seed {seed} + number of the story; a3, ar and fim write left to right, diffusion where it is surest"
    ]

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

/// Each row with its value for each of the models that have one.
let evaluate (models: Map<string, A3Model>) stories measure =
    let values =
        Map
            [
                for kind in kinds do
                    match models.TryFind kind, measure.Of.TryFind kind with
                    | Some model, Some ratios ->
                        let clock = System.Diagnostics.Stopwatch.StartNew()
                        let all = stories |> Array.map (ratios model)
                        eprintfn $"{kind}: {measure.Rows.Head}, {clock.Elapsed.TotalSeconds:F1} s"
                        kind, all
                    | _ -> ()
            ]

    let ratio row all =
        let ratios = all |> Array.map (List.item row)
        Array.sumBy fst ratios / Array.sumBy snd ratios

    measure.Rows
    |> List.mapi (fun row name -> name, values |> Map.map (fun _ all -> ratio row all))

let print used rows =
    let line name cells =
        printfn "%-44s%s" name (cells |> List.map (sprintf "%11s") |> System.String.Concat)

    line "" used

    for name, values in rows do
        used
        |> List.map (fun kind ->
            Map.tryFind kind values
            |> Option.map (sprintf "%.3f")
            |> Option.defaultValue "-")
        |> line name

    notes |> List.iter (printfn "%s")

let write file arguments (stories: Story[]) rows =
    let report =
        {|
            file = Path.GetFileName arguments.Stories
            stories = stories.Length
            seed = seed
            draws = draws
            models = arguments.Models
            rows = rows |> List.map (fun (name, values) -> {| measure = name; values = values |})
        |}

    File.WriteAllText(
        file,
        JsonSerializer.Serialize(report, JsonSerializerOptions(WriteIndented = true))
        + "\n"
    )

let run arguments =
    let models = arguments.Models |> Map.map (fun _ directory -> load directory)
    let stories = choose arguments.Count (List.ofSeq models.Values) arguments.Stories

    printfn
        $"{stories.Length} stories of {Path.GetFileName arguments.Stories}, seed {seed}, {draws} draws; bits per byte, ROUGE as F1, passes of a fill"

    let rows = measures |> List.collect (evaluate models stories)
    print (kinds |> List.filter models.ContainsKey) rows
    arguments.Json |> Option.iter (fun file -> write file arguments stories rows)

    for model in models.Values do
        model.Dispose()

match List.ofArray fsi.CommandLineArgs |> List.tail with
| [ "--check" ] ->
    use model = load (Path.Combine(__SOURCE_DIRECTORY__, "models", "tinystories-a3"))
    exit (Checks.run model)
| stories :: count :: rest ->
    let arguments =
        {
            Stories = stories
            Count = int count
            Models = Map.empty
            Json = None
        }

    run (options arguments rest)
| _ -> usage ()
