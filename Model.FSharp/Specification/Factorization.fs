namespace A3.Model

open FParsec

/// p(targets given context): the targets are independent of each other, each given the tokens at all context positions.
type Factor = { Targets: int[]; Context: int[] }

/// Why factors do not multiply to a distribution over the positions outside the first context.
[<RequireQualifiedAccess>]
type FactorizationError =
    /// The context of a factor is not what the factors before it and the first context hold.
    | Context of factor: int
    | Targets of PartitionError

    member error.Message =
        match error with
        | Context factor ->
            $"the context of factor %d{factor} is not the first context with the targets of all factors before it."
        | Targets error -> error.Message

/// The log-probabilities of all tokens at a position, given (position, token) pairs in ascending order of position.
type Conditional = (int * int) list -> int -> float[]

/// Law 6: over all sequences the probabilities sum to 1. Law 7: log p of a partition is the sum of its factors, and
/// splitting evidence off changes it by exactly the evidence's own factors.
[<RequireQualifiedAccess>]
module Factorization =

    /// One factor per predicted group, earliest first.
    let ofPartition partition =
        let context = Partition.evidence partition

        let factor (context: int[]) targets =
            { Targets = targets; Context = context }, Array.append context targets |> Array.sort

        Partition.targets partition
        |> List.ofArray
        |> List.mapFold factor context
        |> fst

    /// The partition that induces these factors, the first context as one group of evidence.
    let tryPartition (factors: Factor list) =
        let contexts =
            factors
            |> List.scan
                (fun seen factor -> Array.append seen factor.Targets |> Array.sort)
                (factors
                 |> List.tryHead
                 |> Option.map (fun factor -> Array.sort factor.Context)
                 |> Option.defaultValue [||])

        let mismatch =
            List.zip factors (List.take factors.Length contexts)
            |> List.tryFindIndex (fun (factor, context) -> Array.sort factor.Context <> context)

        let evidence = contexts.Head
        let targets = factors |> List.map _.Targets |> Array.ofList

        match mismatch with
        | Some factor -> Result.Error(FactorizationError.Context factor)
        | None when evidence.Length = 0 -> Partition.tryCreate 0 targets |> Result.mapError FactorizationError.Targets
        | None ->
            Array.append [| evidence |] targets
            |> Partition.tryCreate 1
            |> Result.mapError FactorizationError.Targets

    /// log p of one factor of a sequence.
    let factorLogProbability (conditional: Conditional) (tokens: int[]) factor =
        let context =
            [
                for position in factor.Context do
                    position, tokens[position]
            ]

        factor.Targets
        |> Array.sumBy (fun target -> (conditional context target)[tokens[target]])

    /// log p of the targets of a sequence given its evidence.
    let logProbability conditional tokens partition =
        ofPartition partition |> List.sumBy (factorLogProbability conditional tokens)

    /// All sequences over a vocabulary that agree with `tokens` at the given positions.
    let completions vocabulary (tokens: int[]) partition =
        let choices position =
            if Partition.isEvidence position partition then
                [ tokens[position] ]
            else
                [ 0 .. vocabulary - 1 ]

        let extend sequences position =
            sequences
            |> Seq.collect (fun sequence -> choices position |> Seq.map (fun token -> token :: sequence))

        [ Partition.length partition - 1 .. -1 .. 0 ]
        |> Seq.fold extend (Seq.singleton [])
        |> Seq.map Array.ofList

    /// The sum of the probabilities of all completions, exact up to rounding; the number of completions is
    /// vocabulary^targets, so this is for tiny ones.
    let total vocabulary conditional tokens partition =
        completions vocabulary tokens partition
        |> Seq.sumBy (fun sequence -> exp (logProbability conditional sequence partition))

    let private printFactor factor =
        let targets = Interval.printAll factor.Targets

        if factor.Context.Length = 0 then
            $"p({targets})"
        else
            $"p({targets} | {Interval.printAll factor.Context})"

    /// Text form: `p(4 7 | 0..3) p(5..6 | 0..4 7)`.
    let print factors =
        factors |> List.map printFactor |> Syntax.words

    let internal parser =
        let intervals = many1 Interval.parser

        let factor =
            Syntax.keyword "p"
            >>. Syntax.parenthesised (intervals .>>. (Syntax.pipe >>. intervals <|>% []))

        let assemble positions =
            positions
            |> List.chunkBySize 2
            |> List.map (fun pair -> { Targets = pair[0]; Context = pair[1] })

        many factor
        >>= fun factors ->
            factors
            |> List.collect (fun (targets, context) -> [ targets; context ])
            |> Interval.expand
            |>> assemble

    let parse text = Syntax.run parser text
