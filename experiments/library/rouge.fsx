// ROUGE (Lin 2004) of one text against one reference: F1 over lowercase words of ASCII letters and digits, no stemming.

open System.Text.RegularExpressions

let words (text: string) =
    Regex.Matches(text.ToLowerInvariant(), "[a-z0-9]+")
    |> Seq.map _.Value
    |> Array.ofSeq

/// The harmonic mean of precision and recall; 0 where nothing is shared.
let private f1 shared candidate reference =
    if shared = 0 then
        0.0
    else
        2.0 * float shared / float (candidate + reference)

/// ROUGE-N: runs of `size` words, each counted as often as both texts have it.
let grams size reference candidate =
    let counts text =
        words text |> Array.windowed size |> Array.countBy List.ofArray |> Map

    let reference, candidate = counts reference, counts candidate

    let total counts =
        Map.fold (fun sum _ count -> sum + count) 0 counts

    let shared =
        candidate
        |> Map.map (fun gram count -> reference |> Map.tryFind gram |> Option.defaultValue 0 |> min count)

    f1 (total shared) (total candidate) (total reference)

/// ROUGE-L: the longest common subsequence of words.
let longest reference candidate =
    let reference, candidate = words reference, words candidate

    // Row by row of the usual table: entry j is the length for the candidate's words so far and the first j of the reference.
    let next (row: int[]) word =
        let extended = Array.zeroCreate row.Length

        for j in 1 .. reference.Length do
            extended[j] <-
                if reference[j - 1] = word then
                    row[j - 1] + 1
                else
                    max row[j] extended[j - 1]

        extended

    let table = candidate |> Array.fold next (Array.zeroCreate (reference.Length + 1))
    f1 (Array.last table) candidate.Length reference.Length
