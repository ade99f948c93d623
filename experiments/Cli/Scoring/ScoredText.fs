namespace A3.Cli

open System
open A3

/// A token of a scored text: what it completes, and its log-probability where it was scored.
type ScoredToken =
    {
        Position: int
        /// As shown to people.
        Name: string
        Text: string
        LogProbability: float option
    }

/// A scored text as people and programs meet it.
[<RequireQualifiedAccess>]
module ScoredText =

    /// Exact scoring of any part given any other is what the query stream is for.
    let requireQueryStream (model: A3Model) option =
        if not model.Architecture.HasQueryStream then
            raise (UsageException $"{option} needs the query stream of an A3 checkpoint; this one has none.")

    /// Every token of a text, what stands before it first.
    let tokens (tokenizer: ITokenizer) (score: TextScore) =
        let stream = TextStream(tokenizer, false)

        let scores =
            score.Tokens
            |> Seq.map (fun token -> token.Position, token.LogProbability)
            |> Map.ofSeq

        score.Ids
        |> Seq.mapi (fun position id ->
            {
                Position = position
                Name = tokenizer.TokenText id
                Text = stream.Push id
                LogProbability = Map.tryFind position scores
            })
        |> List.ofSeq

    /// The text, each scored token in the colour of how probable it was.
    let heat ink tokens =
        tokens
        |> Seq.map (fun token ->
            let text = Ink.visible token.Text

            match token.LogProbability with
            | Some score -> Ink.text (Colour.ofLogProbability score) text ink
            | None -> Ink.dim text ink)
        |> String.Concat

    /// A line of names and one line per scored token.
    let table tokens =
        [
            [ "position"; "log-probability"; "token" ]
            for token in tokens do
                match token.LogProbability with
                | Some score -> [ string token.Position; Number.text "0.0000" score; Ink.quoted token.Name ]
                | None -> ()
        ]
        |> Table.lines [ Side.Right; Side.Right; Side.Left ]

    /// What all scored tokens come to, and the token that was given because nothing stands before it.
    let totals (name: int -> string) (score: TextScore) =
        let counts = $"{score.Tokens.Length} tokens, {score.Bytes} bytes"

        [
            if score.Given.HasValue then
                $"given            {Ink.quoted (name score.Given.Value)}, the first token: this tokenizer puts no BOS before it"
            $"""log-probability  {Number.text "0.0000" score.LogProbability} nats, {counts}"""
            $"""bits per byte    {Number.text "0.0000" score.BitsPerByte}"""
            $"""perplexity       {Number.text "0.00" score.Perplexity} per token"""
        ]

    /// A scored token; the name is as shown to people.
    let tokenJson (name: int -> string) (token: TokenScore) =
        Json.record
            [
                "position", Json.whole token.Position
                "id", Json.whole token.Token
                "token", Json.text (name token.Token)
                "log_probability", Json.number token.LogProbability
            ]

    /// Totals and scored tokens; the grouping is null where the content stream scored.
    let json grouping name (score: TextScore) =
        Json.record
            [
                "log_probability", Json.number score.LogProbability
                "bits_per_byte", Json.number score.BitsPerByte
                "perplexity", Json.number score.Perplexity
                "bytes", Json.whole score.Bytes
                if score.Given.HasValue then
                    "given",
                    Json.record
                        [
                            "id", Json.whole score.Given.Value
                            "token", Json.text (name score.Given.Value)
                        ]
                "grouping", (if isNull score.Partition then null else Json.text grouping)
                if not (isNull score.Partition) then
                    "partition", Json.text (string score.Partition)
                    "borders", score.Borders |> Seq.map Borders.json |> Json.list
                "ids", score.Ids |> Json.wholes
                "tokens", score.Tokens |> Seq.map (tokenJson name) |> Json.list
            ]
