namespace A3.Model

open FParsec

/// How long a stage lasts.
[<RequireQualifiedAccess>]
type Duration =
    /// A share of the run, above 0 and at most 1.
    | Share of float
    /// So many tokens, padding not counted.
    | Tokens of int64
    /// So many optimizer steps.
    | Steps of int64
    /// What the other stages leave of the run.
    | Rest

/// What a step minimises: the sum of both streams' losses, each times its weight.
type Losses =
    {
        /// Weight of the query stream's loss.
        Query: float
        /// Weight of the content stream's causal loss where a mixture component begins with singletons left to right; none where the run says.
        Content: float option
    }

/// A part of the run, in which every sequence takes one draw of the mixture with probability by weight.
type Stage =
    {
        Duration: Duration
        Losses: Losses
        Mixture: MixtureComponent list
    }

/// Why a stage is not one.
[<RequireQualifiedAccess>]
type StageError =
    | Share of float
    | Count of int64
    | Loss of stream: string * weight: float
    | NoLoss
    | NoDraws
    | InComponent of item: int * MixtureComponentError
    | NoWeight

    /// The largest weight of a loss: losses and gradients are float32 and need room beside it.
    static member Heaviest = 1e6

    member error.Message =
        match error with
        | Share share -> $"share {string share}; a share is above 0 and at most 1."
        | Count count -> $"{string count} steps or tokens; a stage has at least 1."
        | Loss(stream, weight) when weight > StageError.Heaviest && System.Double.IsFinite weight ->
            $"{stream} {string weight}; the weight of a stream's loss is at most {string StageError.Heaviest}."
        | Loss(stream, weight) ->
            $"{stream} {string weight}; the weight of a stream's loss is a finite number of at least 0."
        | NoLoss -> "no loss: query 0 needs content above 0."
        | NoDraws -> "no components; a stage needs at least one."
        | InComponent(item, error) -> $"component %d{item}: {error.Message}"
        | NoWeight -> "all components start or all end at weight 0; at any moment one must be above 0."

[<RequireQualifiedAccess>]
module Stage =

    /// The query stream's loss alone, unless the run says otherwise.
    let ordinary = { Query = 1.0; Content = None }

    let private durationError duration =
        match duration with
        | Duration.Share share when not (share > 0.0 && share <= 1.0) -> Some(StageError.Share share)
        | Duration.Steps count
        | Duration.Tokens count when count < 1L -> Some(StageError.Count count)
        | Duration.Share _
        | Duration.Steps _
        | Duration.Tokens _
        | Duration.Rest -> None

    let private lossError losses =
        let broken weight =
            not (weight >= 0.0 && weight <= StageError.Heaviest)

        match losses.Content with
        | _ when broken losses.Query -> Some(StageError.Loss("query", losses.Query))
        | Some content when broken content -> Some(StageError.Loss("content", content))
        | Some content when losses.Query + content = 0.0 -> Some StageError.NoLoss
        | None when losses.Query = 0.0 -> Some StageError.NoLoss
        | Some _
        | None -> None

    let private mixtureError mixture =
        let sum ofComponent =
            mixture |> List.sumBy (fun item -> ofComponent item.Weight)

        let drawError item =
            MixtureComponent.error
            >> Option.map (fun error -> StageError.InComponent(item, error))

        match mixture |> Seq.mapi drawError |> Seq.tryPick id with
        | _ when List.isEmpty mixture -> Some StageError.NoDraws
        | Some error -> Some error
        | None when sum _.From = 0.0 || sum _.To = 0.0 -> Some StageError.NoWeight
        | None -> None

    /// The first rule that a stage breaks.
    let error stage =
        durationError stage.Duration
        |> Option.orElse (lossError stage.Losses)
        |> Option.orElse (mixtureError stage.Mixture)

    /// Weights times the power of two that brings the largest near 1: the same shares, whose sum is neither infinite nor so
    /// small that fractions of it are lost.
    let private scaled weights =
        match List.max weights with
        | 0.0 -> weights
        | largest ->
            let power = -(System.Math.ILogB largest)
            weights |> List.map (fun weight -> System.Math.ScaleB(weight, power))

    /// The layout of one sequence, at a progress in 0..1 of the stage.
    let pick seed progress stage =
        let weights =
            stage.Mixture |> List.map (MixtureComponent.weightAt progress) |> scaled

        let target = Seed.uniform seed * List.sum weights

        let rec find before items =
            match items with
            | [ item, _ ] -> item
            | (item, weight) :: _ when target < before + weight -> item
            | (_, weight) :: others -> find (before + weight) others
            | [] -> invalidOp "a stage has at least one component."

        List.zip stage.Mixture weights |> find 0.0

    let private printDuration duration =
        match duration with
        | Duration.Share share -> Numeral.print share
        | Duration.Tokens count -> $"{string count} tokens"
        | Duration.Steps count -> $"{string count} steps"
        | Duration.Rest -> "rest"

    let private printLosses losses =
        [
            if losses.Query <> 1.0 then
                $", query {Numeral.print losses.Query}"

            match losses.Content with
            | Some content -> $", content {Numeral.print content}"
            | None -> ()
        ]
        |> System.String.Concat

    /// Text form: how long, the weights of the losses that are not ordinary, and a mixture of draws:
    /// `stage 0.2: (left-to-right | singletons)`, `stage 500 steps, content 0.5: 2 * (random | chunks 4) + (bisect | words)`,
    /// `stage 20000 tokens, query 0, content 1: ...`, `stage rest: ...`.
    let print stage =
        let mixture =
            System.String.Join(" + ", stage.Mixture |> List.map MixtureComponent.print)

        $"stage {printDuration stage.Duration}{printLosses stage.Losses}: {mixture}"

    let private duration =
        let counted unit wrap =
            attempt (Syntax.count "a number" .>> Syntax.keyword unit) |>> wrap

        let share =
            Syntax.number "above 0 and at most 1" (fun share -> share > 0.0 && share <= 1.0) "a share"

        choice
            [
                Syntax.keyword "rest" >>% Duration.Rest
                counted "steps" Duration.Steps
                counted "tokens" Duration.Tokens
                share |>> Duration.Share
            ]
        <?> "a share of the run (a number above 0 and at most 1), steps, tokens or rest"

    let private losses =
        let weight = Syntax.number "of at least 0" (fun weight -> weight >= 0.0) "a weight"

        let named name =
            attempt (Syntax.symbol "," >>. Syntax.keyword name) >>. weight |> opt

        named "query" .>>. named "content"
        |>> fun (query, content) ->
            {
                Query = defaultArg query 1.0
                Content = content
            }

    let internal mixture = sepBy1 MixtureComponent.parser (Syntax.symbol "+")

    let internal parser =
        tuple3 (Syntax.keyword "stage" >>. duration) losses (Syntax.symbol ":" >>. mixture)
        |>> fun (duration, losses, mixture) ->
            {
                Duration = duration
                Losses = losses
                Mixture = mixture
            }
