namespace A3

open System
open System.Globalization
open A3.Model

module Specification = A3.Model.Architecture

/// How the residual stream is threaded through a block.
type ResidualStyle =
    /// LLaMA's: each sublayer reads a normalised copy and adds to the stream itself.
    | PreNorm = 0
    /// The authors' published code, in which the second norm is applied to the stream.
    | Reference = 1

/// What the query stream starts from.
type QueryStart =
    /// There is none: an ordinary causal LLaMA.
    | Absent = 0
    /// One learned vector for all positions, `model.query_embed` (A3).
    | Learned = 1
    /// The token before a position, read where it stands, if the query may see it; else the learned vector, read there too.
    | Preceding = 2

/// The shape of a network, and what follows from it; compared by value. Immutable: any number of threads may use it.
[<Sealed>]
type Architecture internal (spec: A3.Model.Architecture) =

    /// Two digits or more, and a letter for the power of a thousand: `2.9M`, `260K`.
    static let abbreviate (count: int64) =
        let power = min 4 (int (log10 (float count)) / 3)
        let value = float count / 1000.0 ** float power
        let format = if power > 0 && value < 9.95 then "0.0" else "0"

        value.ToString(format, CultureInfo.InvariantCulture)
        + [| ""; "K"; "M"; "B"; "T" |][power]

    member internal _.Spec = spec

    /// Tokens of the vocabulary.
    member _.Vocabulary = spec.Vocabulary

    /// Numbers of a hidden state.
    member _.Width = spec.Width

    /// Transformer blocks.
    member _.Layers = spec.Layers

    /// Query heads of a block.
    member _.Heads = spec.Heads

    /// Key and value heads of a block; each serves Heads / KvHeads query heads.
    member _.KvHeads = spec.KvHeads

    /// Numbers of one head.
    member _.HeadWidth = spec.HeadWidth

    /// Numbers of the inner state of the MLP.
    member _.MlpWidth = spec.MlpWidth

    /// Longest sequence, in positions.
    member _.Context = spec.Context

    /// What RMSNorm adds to the mean square.
    member _.NormEpsilon = spec.NormEpsilon

    /// The base of RoPE's frequencies.
    member _.RopeBase = spec.RopeBase

    /// How RoPE's frequencies are scaled: `none`, `linear FACTOR` or `llama3 FACTOR LOW HIGH ORIGINAL_CONTEXT`.
    member _.RopeScaling =
        match spec.RopeScaling with
        | RopeScaling.Unscaled -> "none"
        | RopeScaling.Linear factor -> $"linear {string factor}"
        | RopeScaling.Llama3(factor, low, high, original) ->
            $"llama3 {string factor} {string low} {string high} {string original}"

    /// Whether the head is the transposed token embedding.
    member _.TiedHead = spec.TiedHead

    /// How the residual stream is threaded through a block.
    member _.Residual =
        match spec.Residual with
        | Residual.PreNorm -> ResidualStyle.PreNorm
        | Residual.Reference -> ResidualStyle.Reference

    /// Whether the network predicts any subset of positions in any order (A3); otherwise it is an ordinary causal LLaMA.
    member _.HasQueryStream = spec.QueryStream <> QueryStream.Absent

    /// What the query stream starts from.
    member _.QueryStart =
        match spec.QueryStream with
        | QueryStream.Absent -> QueryStart.Absent
        | QueryStream.Learned -> QueryStart.Learned
        | QueryStream.Preceding -> QueryStart.Preceding

    /// Numbers in all tensors together.
    member _.ParameterCount = Specification.parameterCount spec

    /// Floating-point operations of one row through the network when it attends to this many keys.
    member _.FlopsPerToken(keys: int) = Specification.flopsPerRow keys spec

    /// Bytes of keys and values that one token leaves in the cache.
    member _.CacheBytesPerToken(bytesPerNumber: int) =
        Specification.cacheBytesPerToken bytesPerNumber spec

    /// An A3 model of this depth and width with the usual choices for all else; throws ArgumentException where a size breaks a rule.
    static member Create(vocabulary: int, width: int, layers: int, heads: int, context: int) =
        match
            Specification.create vocabulary width layers heads context
            |> Specification.validate
        with
        | Ok spec -> Architecture spec
        | Error error -> invalidArg error.Field error.Message

    /// Equality of all fields.
    member _.Equals(other: Architecture | null) =
        match other with
        | null -> false
        | other -> spec = other.Spec

    override this.Equals(other: obj | null) =
        match other with
        | :? Architecture as other -> this.Equals other
        | _ -> false

    override _.GetHashCode() = hash spec

    interface IEquatable<Architecture> with
        member this.Equals other = this.Equals other

    /// One line: streams, depth, width, heads, vocabulary, context, parameters.
    override this.ToString() =
        let streams = if this.HasQueryStream then "two-stream" else "causal"
        let heads = $"%d{spec.Heads} heads (%d{spec.KvHeads} KV)"
        let sizes = $"vocabulary %d{spec.Vocabulary}, context %d{spec.Context}"

        $"LLaMA {streams}, %d{spec.Layers} layers x %d{spec.Width} wide, {heads}, {sizes}, {abbreviate this.ParameterCount} parameters"
