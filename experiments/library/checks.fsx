// What the measures must satisfy; `dotnet fsi experiments/evaluate.fsx --check` runs it.
#r "../Cli/bin/Release/net10.0/A3.Model.dll"
#r "../Cli/bin/Release/net10.0/A3.Runtime.dll"
#load "rouge.fsx"
#load "stories.fsx"
#load "bound.fsx"
#load "scores.fsx"

open A3
open A3.Model

let private near tolerance expected found = abs (expected - found) <= tolerance

/// Two words, one pair and a subsequence of two are shared by three and by five words: 2 * 2 / 8, 2 * 1 / 6 and 2 * 2 / 8.
let private rouge =
    let reference, candidate = "The cat sat on mats.", "the CAT ran"

    [
        "ROUGE of identical texts is 1",
        [ Rouge.grams 1; Rouge.grams 2; Rouge.longest ]
        |> List.forall (fun score -> score reference reference = 1.0)
        "ROUGE of texts without a common word is 0",
        [ Rouge.grams 1; Rouge.grams 2; Rouge.longest ]
        |> List.forall (fun score -> score reference "a dog" = 0.0)
        "ROUGE-1, -2 and -L are as computed by hand",
        near 1e-12 (4.0 / 8.0) (Rouge.grams 1 reference candidate)
        && near 1e-12 (2.0 / 6.0) (Rouge.grams 2 reference candidate)
        && near 1e-12 (4.0 / 8.0) (Rouge.longest reference candidate)
        "ROUGE-1 counts a repeated word as often as both texts have it",
        near 1e-12 (2.0 / 5.0) (Rouge.grams 1 "a dog" "a a a")
        "ROUGE-L keeps the order of words", near 1e-12 (2.0 / 6.0) (Rouge.longest "one two three" "three two one")
    ]

let private sentences =
    let story = "Tom ran. \"Hi!\" He did?\n\nSo he did.\n Then"

    "sentences have the blank before them and the line ends behind them",
    Stories.sentences story = [| "Tom ran."; " \"Hi!\""; " He did?\n\n"; "So he did.\n"; " Then" |]

let private oneToken model =
    let story: Scores.Story =
        {
            Index = 0
            Sentences = [| "Tom had a red ball."; " He"; " was happy." |]
        }

    let tokens, gap = Scores.encode model story
    let expected = Scores.middle SequenceLayout.given model story

    "a middle of one token costs the same by every reading that gives both sides as one group",
    [| tokens[gap[0]] |] = Scores.middleTokens model story
    && near 1e-4 expected (Scores.middleBound 2 1 model story)
    && near 1e-4 expected (Scores.middleReread model story)
    && not (near 1e-4 expected (Scores.middleFromLeft model story))

/// All orders of a few items.
let rec private orders items =
    match items with
    | [] -> [ [] ]
    | _ ->
        items
        |> List.collect (fun first -> orders (List.except [ first ] items) |> List.map (fun rest -> first :: rest))

/// -log p one position at a time along an order, each given all that is neither it nor behind it.
let private along nllOf order =
    let rec go order =
        match order with
        | [] -> 0.0
        | next :: later -> nllOf next (next :: later) + go later

    go order

/// The bound on a text of a few tokens against the mean over all orders.
let private bound (model: A3Model) =
    let tokens = model.Tokenizer.Encode("Once upon a time, there", true)
    let targets = [| 1 .. tokens.Length - 1 |]
    let known = System.Collections.Generic.Dictionary<int list, float[]>()

    let nlls (hidden: int list) =
        match known.TryGetValue hidden with
        | true, found -> found
        | false, _ ->
            let found = Scores.each model tokens (Array.ofList hidden)
            known[hidden] <- found
            found

    let nllOf position hidden =
        let hidden = List.sort hidden
        (nlls hidden)[List.findIndex ((=) position) hidden]

    let exact = orders (List.ofArray targets) |> List.averageBy (along nllOf)

    let estimates =
        List.init 4000 (fun seed -> Bound.estimate 4 (Seed.ofInt seed) targets (List.ofArray >> nlls >> Array.sum))

    let mean = List.average estimates

    let variance =
        estimates |> List.averageBy (fun estimate -> (estimate - mean) ** 2.0)

    let error = sqrt (variance / float estimates.Length)
    eprintfn $"bound {mean:F3} with a standard error of {error:F3} bits, mean over all orders {exact:F3} bits"

    "the bound of masked diffusion is the mean over all orders", near (3.0 * error) exact mean && error < 0.01 * exact

/// Prints each claim; the exit code of a script: 1 where one does not hold.
let run (model: A3Model) =
    let claims = rouge @ [ sentences; oneToken model; bound model ]

    for claim, holds in claims do
        printfn "%s %s" (if holds then "ok    " else "FAILED") claim

    if List.forall snd claims then 0 else 1
