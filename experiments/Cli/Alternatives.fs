namespace A3.Cli

open A3.Model
open A3.Runtime

/// Texts that a gap might be filled with, ranked.
[<RequireQualifiedAccess>]
module Alternatives =

    /// Those of the command line, then those of a file, one a line.
    let read cancellation (given: string list) (file: string option) =
        let lines =
            match file with
            | Some path ->
                (GivenText.ofFile cancellation path).Text.Split '\n'
                |> Seq.map _.TrimEnd('\r')
                |> Seq.filter ((<>) "")
            | None -> Seq.empty

        let all = given @ List.ofSeq lines

        if List.contains "" all then
            raise (MisuseException "--alternatives \"\": expected texts of one letter or more.")

        if all.IsEmpty then
            raise (MisuseException "--alternatives: expected at least one text.")

        all

    /// A template with one gap.
    let private template text =
        let template = Template.Parse text
        let gaps = template.Parts |> Seq.filter _.IsGap |> Seq.length

        if gaps <> 1 then
            raise (
                MisuseException
                    $"the text has {gaps} gaps, but alternatives are ranked for exactly one; write ___ where they belong."
            )

        template

    /// Alternatives as they stand in the text: a space before the gap is the beginning of what fills it.
    let private inPlace (template: Template) (alternatives: string list) =
        let isGap (part: TemplatePart) = part.IsGap
        let gap = template.Parts |> Seq.findIndex isGap

        if gap > 0 && template.Parts[gap - 1].Text.EndsWith ' ' then
            alternatives
            |> List.map (fun text -> if text.StartsWith ' ' then text else " " + text)
        else
            alternatives

    /// A line of names and one line for each, the likeliest first.
    let private table ink (ranked: Alternative seq) =
        let best = (Seq.head ranked).Probability

        [
            Ink.dim "probability  log-probability  per token  tokens  alternative" ink
            for each in ranked do
                let tokens = each.Score.Tokens.Length
                let total = each.Score.LogProbability
                let probability = (Number.text "0.0" (100.0 * each.Probability) + "%").PadLeft 11
                let mean = (Number.text "0.0000" (total / float tokens)).PadLeft 9
                let colour = Colour.ofLogProbability (log (each.Probability / best))

                $"""{probability}  {(Number.text "0.0000" total).PadLeft 15}  {mean}  {(string tokens).PadLeft 6}  """
                + Ink.text colour (Trace.quoted each.Text) ink
        ]

    let private alternative name (each: Alternative) =
        Json.record
            [
                "index", Json.whole each.Index
                "text", Json.text each.Text
                "probability", Json.number each.Probability
                "log_probability", Json.number each.Score.LogProbability
                "bits_per_byte", Json.number each.Score.BitsPerByte
                "tokens", each.Score.Tokens |> Seq.map (ScoredText.tokenJson name) |> Json.list
            ]

    /// The likeliest first; `index` is the place among those given, from 0.
    let private json name grouping (ranked: Alternative seq) =
        Json.record
            [
                "grouping", Json.text grouping
                "alternatives", ranked |> Seq.map (alternative name) |> Json.list
            ]

    /// Ranks texts for the gap of a template and writes the ranking.
    let run (invocation: Invocation) grouping alternatives text =
        let template = template text
        let alternatives = inPlace template alternatives
        use model = Decoding.load invocation
        MarkedText.requireQueryStream model "--alternatives"

        let ranked =
            model.Rank(template, Array.ofList alternatives, A3.Grouping grouping, invocation.Cancellation)

        let output = invocation.Output

        if output.Json then
            output
            |> Output.json (json model.Tokenizer.TokenText (Grouping.print grouping) ranked)
        else
            output |> Output.lines (table output.Ink ranked)
