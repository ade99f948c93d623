// How did a run learn? Draws the losses in a run's metrics.jsonl, training and validation, over the tokens seen.
//     dotnet fsi experiments/loss-curve.fsx runs/mine/metrics.jsonl runs/mine/loss.svg
open System
open System.IO
open System.Text.Json

let source, target =
    match fsi.CommandLineArgs with
    | [| _; source; target |] -> source, target
    | _ ->
        eprintfn "usage: dotnet fsi experiments/loss-curve.fsx METRICS.jsonl PICTURE.svg"
        exit 2

let lines =
    File.ReadAllLines source
    |> Array.map (fun line -> JsonDocument.Parse(line).RootElement)

let number (name: string) (line: JsonElement) = line.GetProperty(name).GetDouble()

let training =
    lines |> Array.map (fun line -> number "tokens" line, number "loss" line)

let validation =
    [
        for line in lines do
            for measure in line.GetProperty("validation").EnumerateObject() do
                measure.Name, (number "tokens" line, measure.Value.GetDouble())
    ]
    |> List.groupBy fst
    |> List.map (fun (name, points) -> name, points |> List.map snd |> Array.ofList)

let width, height, left, bottom = 760.0, 400.0, 50.0, 40.0
let most = training |> Array.map fst |> Array.max
let highest = training |> Array.map snd |> Array.max |> ceil

let x tokens =
    left + (width - left - 20.0) * tokens / most

let y loss =
    10.0 + (height - bottom - 10.0) * (1.0 - loss / highest)

let text =
    sprintf """<text x="%.1f" y="%.1f" fill="%s" text-anchor="%s">%s</text>"""

let curve colour thickness points =
    let path =
        points
        |> Array.map (fun (tokens, loss) -> $"{x tokens:F1},{y loss:F1}")
        |> String.concat " "

    $"""<polyline fill="none" stroke="{colour}" stroke-width="{thickness}" points="{path}"/>"""

let grid =
    [
        for loss in 0.0 .. highest do
            $"""<line x1="{left}" x2="{width - 20.0}" y1="{y loss:F1}" y2="{y loss:F1}" stroke="#ddd"/>"""
            text (left - 8.0) (y loss + 4.0) "#555" "end" $"{loss:F0}"
        for part in 0..4 do
            let tokens = most * float part / 4.0
            text (x tokens) (height - bottom + 18.0) "#555" "middle" $"{tokens / 1e6:F1}M"
        text (x (most / 2.0)) (height - 4.0) "#555" "middle" "tokens seen (nats per token on the left)"
    ]

let colours = [ "#1b6ca8"; "#d1495b"; "#edae49"; "#3a7d44" ]

let curves =
    [
        curve "#bbb" 1.0 training
        text (width - 30.0) 24.0 "#999" "end" "training batches"
        for index, (name, points) in List.indexed validation do
            let colour = colours[index % colours.Length]
            curve colour 2.0 points
            text (width - 30.0) (42.0 + 18.0 * float index) colour "end" $"{name}: {snd (Array.last points):F2}"
    ]

let picture =
    [
        $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">"""
        """<rect width="100%" height="100%" fill="white"/>"""
        yield! grid
        yield! curves
        "</svg>"
    ]

File.WriteAllLines(target, picture)
printfn "%s: %d lines of metrics, %s tokens" target lines.Length (most.ToString "N0")
