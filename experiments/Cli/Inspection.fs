namespace A3.Cli

open System
open A3.Runtime.Tokenizers
open A3
open A3.Model
open A3.Runtime.Checkpoints
open A3.Runtime.Networks
open A3.Runtime.Sampling

/// What there is to know of a checkpoint without running it.
type Inspection =
    {
        Directory: string
        Architecture: A3.Architecture
        StoredBytes: int64
        /// In the order of the architecture.
        Tensors: TensorView list
        /// Tokenizer files by name.
        Tokenizers: (string * BytePairTokenizer) list
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
            Shape.ofLength architecture.Context
            |> Shape.given [ 0 ]
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
            [
                for file in Tokenizer.FilesIn checkpoint.Directory do
                    file, Tokenizer.LoadFile(checkpoint.Directory, file, checkpoint.Architecture.Vocabulary)
            ]

        {
            Directory = checkpoint.Directory
            Architecture = checkpoint.Architecture
            StoredBytes = checkpoint.StoredBytes
            Tensors =
                Architecture.parameters checkpoint.Configuration.Architecture
                |> List.map (fun parameter -> checkpoint[parameter.Name])
            Tokenizers = tokenizers
            Notices =
                [
                    yield! checkpoint.Notices
                    for _, tokenizer in tokenizers do
                        yield! tokenizer.Notices
                ]
                |> List.distinct
            Decode = grouping |> Option.map (fun grouping -> decode grouping checkpoint.Architecture)
        }

    /// C# sees this as a property of the type.
    let private typeName (tensor: TensorView) = Dtypes.get_Name tensor.Dtype

    /// How many tensors and bytes there are of each stored number type.
    let private byType inspection =
        inspection.Tensors
        |> List.groupBy typeName
        |> List.map (fun (name, tensors) -> name, tensors.Length, tensors |> List.sumBy _.ByteLength)

    let private residual (architecture: A3.Architecture) =
        if architecture.Residual = A3.ResidualStyle.Reference then
            "reference"
        else
            "pre_norm"

    let private queryStart (architecture: A3.Architecture) =
        if architecture.QueryStart = A3.QueryStart.Preceding then
            "preceding"
        else
            "learned"

    let private architectureRows (architecture: A3.Architecture) =
        let streams =
            if architecture.HasQueryStream then
                "A3: any order, any subset"
            else
                "causal LLaMA: left to right only"

        let head =
            if architecture.TiedHead then
                "tied to the embedding"
            else
                "its own matrix"

        [
            "kind", streams
            "layers", string architecture.Layers
            "width", $"{architecture.Width}, MLP {architecture.MlpWidth}"
            "heads", $"{architecture.Heads} of {architecture.HeadWidth}, KV heads {architecture.KvHeads}"
            "vocabulary", Number.grouped architecture.Vocabulary
            "context", $"{Number.grouped architecture.Context} positions"
            "RoPE", $"base {string architecture.RopeBase}, scaling {architecture.RopeScaling}"
            "norm epsilon", string architecture.NormEpsilon
            "residual", residual architecture
            if architecture.HasQueryStream then
                "query start", queryStart architecture
            "head", head
            "parameters", Number.grouped architecture.ParameterCount
        ]

    let private costRows inspection =
        let architecture = inspection.Architecture
        let full = architecture.Context
        let first = Number.flops (architecture.FlopsPerToken 1)
        let last = Number.flops (architecture.FlopsPerToken full)
        let cache = architecture.CacheBytesPerToken 4

        [
            "FLOPs per token", $"{first} at the start, {last} at {Number.grouped full} keys"
            if architecture.HasQueryStream then
                "", "a generated token runs twice: once predicted (query), once as context (content)"
            "cache per token",
            $"{Number.bytes cache} in float32, {Number.bytes (cache * int64 full)} for a whole context"
            match inspection.Decode with
            | Some(grouping, passes, cost) ->
                "a whole context", $"{Number.grouped passes} forward passes, {Number.flops cost} under {grouping}"
            | None -> ()
        ]

    let private storageRows inspection =
        [
            "stored", $"{Number.bytes inspection.StoredBytes} ({Number.grouped inspection.StoredBytes} bytes)"
            for name, count, size in byType inspection do
                "", $"{name}: {Number.bytes size} in {count} tensors"
        ]

    let private tokenizerRows inspection =
        let one (token: Nullable<int>) = Option.toList (Option.ofNullable token)

        /// A token as people know it, and its id.
        let shown (tokenizer: BytePairTokenizer) (token: int) =
            $"{tokenizer.TokenText token} ({token})"

        let list tokenizer tokens =
            match List.ofSeq tokens with
            | [] -> "none"
            | tokens -> tokens |> List.map (shown tokenizer) |> String.concat ", "

        let rows (file, tokenizer: BytePairTokenizer) =
            [
                "tokenizer", $"{file}: {tokenizer.Kind}, {Number.grouped tokenizer.FileSize} tokens"
                "", $"BOS {list tokenizer (one tokenizer.BosId)}, EOS {list tokenizer tokenizer.EosIds}"
                "", $"a text begins with {list tokenizer tokenizer.Prefix} by the tokenizer's own rules"
                if inspection.Architecture.HasQueryStream then
                    "first token", list tokenizer (one tokenizer.FirstId)
            ]

        match inspection.Tokenizers with
        | [] -> [ "tokenizer", "none" ]
        | tokenizers -> tokenizers |> List.collect rows

    let private table ink (rows: (string * string) list) =
        let width = rows |> List.map (fst >> String.length) |> List.max

        rows
        |> List.map (fun (name, value) -> Ink.dim (name.PadRight width) ink + "  " + value)

    /// One line per fact.
    let lines ink inspection =
        [
            Ink.bold inspection.Directory ink
            string inspection.Architecture
            ""
            yield!
                table
                    ink
                    (architectureRows inspection.Architecture
                     @ storageRows inspection
                     @ costRows inspection
                     @ tokenizerRows inspection)
        ]

    /// One line per tensor: name, number type, shape, bytes.
    let tensorLines ink inspection =
        let width = inspection.Tensors |> List.map _.Name.Length |> List.max

        let line (tensor: TensorView) =
            let shape = "[" + String.Join(", ", tensor.Shape.ToArray()) + "]"
            let size = Number.bytes tensor.ByteLength
            $"{tensor.Name.PadRight width}  {(typeName tensor).PadRight 4}  {shape.PadRight 16}  {size.PadLeft 11}"

        "" :: Ink.bold "tensors" ink :: List.map line inspection.Tensors

    let private tensorJson (tensor: TensorView) =
        Json.record
            [
                "name", Json.text tensor.Name
                "dtype", Json.text (typeName tensor)
                "shape", tensor.Shape.ToArray() |> Seq.map Json.whole |> Json.list
                "bytes", Json.whole tensor.ByteLength
            ]

    let private optionalId (id: Nullable<int>) =
        if id.HasValue then Json.whole id.Value else null

    let private tokenizerJson (file, tokenizer: BytePairTokenizer) =
        Json.record
            [
                "file", Json.text file
                "kind", Json.text tokenizer.Kind
                "size", Json.whole tokenizer.FileSize
                "bos", optionalId tokenizer.BosId
                "eos", tokenizer.EosIds |> Seq.map (int64 >> Json.whole) |> Json.list
                "prefix", tokenizer.Prefix |> Seq.map (int64 >> Json.whole) |> Json.list
                "first_token", optionalId tokenizer.FirstId
            ]

    /// All of it, the tensors where they are asked for.
    let json listsTensors inspection =
        let architecture = inspection.Architecture

        Json.record
            [
                "directory", Json.text inspection.Directory
                "query_stream", Json.flag architecture.HasQueryStream
                if architecture.HasQueryStream then
                    "query_start", Json.text (queryStart architecture)
                "layers", Json.whole architecture.Layers
                "width", Json.whole architecture.Width
                "mlp_width", Json.whole architecture.MlpWidth
                "heads", Json.whole architecture.Heads
                "kv_heads", Json.whole architecture.KvHeads
                "head_width", Json.whole architecture.HeadWidth
                "vocabulary", Json.whole architecture.Vocabulary
                "context", Json.whole architecture.Context
                "norm_epsilon", Json.number architecture.NormEpsilon
                "rope_base", Json.number architecture.RopeBase
                "rope_scaling", Json.text architecture.RopeScaling
                "tied_head", Json.flag architecture.TiedHead
                "residual", Json.text (residual architecture)
                "parameters", Json.whole architecture.ParameterCount
                "stored_bytes", Json.whole inspection.StoredBytes
                "bytes_by_type", Json.record [ for name, _, size in byType inspection -> name, Json.whole size ]
                "flops_per_token", Json.whole (architecture.FlopsPerToken 1)
                "flops_per_token_at_full_context", Json.whole (architecture.FlopsPerToken architecture.Context)
                "cache_bytes_per_token", Json.whole (architecture.CacheBytesPerToken 4)
                match inspection.Decode with
                | Some(grouping, passes, cost) ->
                    "decode",
                    Json.record
                        [
                            "grouping", Json.text grouping
                            "forward_passes", Json.whole passes
                            "flops", Json.whole cost
                        ]
                | None -> ()
                "tokenizers", inspection.Tokenizers |> Seq.map tokenizerJson |> Json.list
                "notices", inspection.Notices |> Seq.map Json.text |> Json.list
                if listsTensors then
                    "tensors", inspection.Tensors |> Seq.map tensorJson |> Json.list
            ]
