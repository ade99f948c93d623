namespace A3.Cli

open A3
open A3.Model

/// What there is to know of a checkpoint without running it.
type Inspection =
    {
        Directory: string
        Architecture: A3.Architecture
        StoredBytes: int64
        /// In the order of the architecture.
        Tensors: TensorInfo list
        /// The preferred file first.
        Tokenizers: TokenizerDescription list
        /// What of the files is not followed.
        Notices: string list
        /// A grouping, its forward passes over a whole context and their floating-point operations.
        Decode: (string * int * int64) option
    }

[<RequireQualifiedAccess>]
module Inspection =

    /// Rows of every pass: the group just committed and the group to predict, over all committed keys.
    let private decode grouping (architecture: A3.Architecture) =
        let partition =
            SequenceLayout.ofLength architecture.Context
            |> SequenceLayout.given [ 0 ]
            |> fun shape -> Grouping.resolve shape grouping

        let sizes = Partition.groups partition |> Array.map Array.length
        let committed = sizes |> Array.scan (+) 0

        let flops rank =
            int64 (sizes[rank - 1] + sizes[rank])
            * architecture.FlopsPerToken committed[rank]

        let passes = [ Partition.evidenceGroups partition .. sizes.Length - 1 ]
        Grouping.print grouping, passes.Length, passes |> List.sumBy flops

    /// Of an open checkpoint, which must stay open; a grouping adds what decoding a whole context under it costs.
    let ofCheckpoint grouping (checkpoint: Checkpoint) =
        let tokenizers =
            Tokenizer.Describe(checkpoint.Directory, checkpoint.Architecture.Vocabulary)
            |> List.ofSeq

        {
            Directory = checkpoint.Directory
            Architecture = checkpoint.Architecture
            StoredBytes = checkpoint.StoredBytes
            Tensors = List.ofSeq checkpoint.Tensors
            Tokenizers = tokenizers
            Notices =
                [
                    yield! checkpoint.Notices
                    for tokenizer in tokenizers do
                        yield! tokenizer.Notices
                ]
                |> List.distinct
            Decode = grouping |> Option.map (fun grouping -> decode grouping checkpoint.Architecture)
        }

    /// How many tensors and bytes there are of each stored number type.
    let byType inspection =
        inspection.Tensors
        |> List.groupBy _.NumberType
        |> List.map (fun (name, tensors) -> name, tensors.Length, tensors |> List.sumBy _.Bytes)

    let residual (architecture: A3.Architecture) =
        if architecture.Residual = A3.ResidualStyle.Reference then
            "reference"
        else
            "pre_norm"

    let queryStart (architecture: A3.Architecture) =
        if architecture.QueryStart = A3.QueryStart.Preceding then
            "preceding"
        else
            "learned"
