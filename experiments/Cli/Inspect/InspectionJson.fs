namespace A3.Cli

open System
open A3

/// What there is to know of a checkpoint, for programs.
[<RequireQualifiedAccess>]
module InspectionJson =

    let private tensorJson (tensor: TensorInfo) =
        Json.record
            [
                "name", Json.text tensor.Name
                "dtype", Json.text tensor.NumberType
                "shape", tensor.Shape |> Seq.map Json.whole |> Json.list
                "bytes", Json.whole tensor.Bytes
            ]

    let private optionalId (id: Nullable<int>) =
        if id.HasValue then Json.whole id.Value else null

    let private tokenizerJson (described: TokenizerDescription) =
        let tokenizer = described.Tokenizer

        Json.record
            [
                "file", Json.text described.File
                "kind", Json.text described.Kind
                "size", Json.whole described.Size
                "bos", optionalId tokenizer.BosId
                "eos", tokenizer.EosIds |> Seq.map (int64 >> Json.whole) |> Json.list
                "prefix", tokenizer.Prefix |> Seq.map (int64 >> Json.whole) |> Json.list
                "first_token", optionalId tokenizer.FirstId
            ]

    /// All of it, the tensors where they are asked for.
    let whole listsTensors inspection =
        let architecture = inspection.Architecture

        Json.record
            [
                "directory", Json.text inspection.Directory
                "query_stream", Json.flag architecture.HasQueryStream
                if architecture.HasQueryStream then
                    "query_start", Json.text (Inspection.queryStart architecture)
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
                "residual", Json.text (Inspection.residual architecture)
                "parameters", Json.whole architecture.ParameterCount
                "stored_bytes", Json.whole inspection.StoredBytes
                "bytes_by_type",
                Json.record [ for name, _, size in Inspection.byType inspection -> name, Json.whole size ]
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
