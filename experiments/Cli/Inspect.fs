namespace A3.Cli

open System
open System.Globalization
open Argu
open A3.Model
open A3.Runtime

/// Arguments of `a3 inspect`.
[<RequireQualifiedAccess>]
type InspectArguments =
    | [<MainCommand; Unique>] Directory of DIR: string
    | [<Unique>] Tensors

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Directory _ -> "a checkpoint directory (default: the model in the box)."
            | Tensors -> "list every tensor."

/// `a3 inspect`: what a checkpoint is, without running it.
[<RequireQualifiedAccess>]
module Inspect =

    let example = "a3 inspect experiments/models/tinystories-a3 --tensors"

    let private grouped (value: int64) =
        value.ToString("#,0", CultureInfo.InvariantCulture)

    let private scaled (units: string list) (value: float) =
        let rec scale value units =
            match units with
            | [ unit ] -> value, unit
            | unit :: _ when value < 1000.0 -> value, unit
            | _ :: larger -> scale (value / 1000.0) larger
            | [] -> value, ""

        let value, unit = scale value units
        let format = if value < 9.995 then "0.##" else "0.#"
        value.ToString(format, CultureInfo.InvariantCulture) + " " + unit

    let private bytes value =
        scaled [ "bytes"; "kB"; "MB"; "GB"; "TB" ] (float (value: int64))

    let private flops value =
        scaled [ "FLOP"; "kFLOP"; "MFLOP"; "GFLOP"; "TFLOP" ] (float (value: int64))

    /// The tensors in the order of the architecture.
    let private tensors (checkpoint: Checkpoint) =
        Architecture.parameters checkpoint.Configuration.Architecture
        |> List.map (fun parameter -> checkpoint[parameter.Name])

    let private shape (tensor: TensorView) =
        let sides = tensor.Shape.ToArray() |> Array.map string
        $"""[{String.Join(", ", sides)}]"""

    /// C# sees this as a property of the type.
    let private typeName (tensor: TensorView) = Dtypes.get_Name tensor.Dtype

    /// Tensors, numbers and bytes by stored number type.
    let private byType tensors =
        tensors
        |> List.groupBy (fun (tensor: TensorView) -> tensor.Dtype)
        |> List.map (fun (dtype, group) ->
            Dtypes.get_Name dtype, group.Length, group |> List.sumBy _.Count, group |> List.sumBy _.ByteLength)

    let private tokenizers folder =
        [
            for file in Tokenizer.FilesIn folder do
                file, Tokenizer.LoadFile(folder, file)
        ]

    let private id (token: Nullable<int>) =
        if token.HasValue then string token.Value else "none"

    let private architectureRows (architecture: A3.Architecture) =
        [
            "kind",
            (if architecture.HasQueryStream then
                 "A3: any order, any subset"
             else
                 "causal LLaMA: left to right only")
            "layers", string architecture.Layers
            "width", $"{architecture.Width}, MLP {architecture.MlpWidth}"
            "heads", $"{architecture.Heads} of {architecture.HeadWidth}, KV heads {architecture.KvHeads}"
            "vocabulary", grouped architecture.Vocabulary
            "context", $"{grouped architecture.Context} positions"
            "RoPE", $"base {architecture.RopeBase}, scaling {architecture.RopeScaling}"
            "norm epsilon", string architecture.NormEpsilon
            "residual",
            (match architecture.Residual with
             | A3.ResidualStyle.Reference -> "reference"
             | _ -> "pre_norm")
            "head",
            (if architecture.TiedHead then
                 "tied to the embedding"
             else
                 "its own matrix")
        ]

    let private costRows (architecture: A3.Architecture) =
        let full = architecture.Context

        [
            "FLOPs per token",
            $"{flops (architecture.FlopsPerToken 1)} at the start, {flops (architecture.FlopsPerToken full)} at {grouped full} keys"
            if architecture.HasQueryStream then
                "", "a generated token runs twice: once predicted (query), once as context (content)"
            "cache per token",
            $"{bytes (architecture.CacheBytesPerToken 4)} in float32, {bytes (architecture.CacheBytesPerToken 4 * int64 full)} for the whole context"
        ]

    let private table ink (rows: (string * string) list) =
        let width = rows |> List.map (fst >> String.length) |> List.max

        [
            for name, value in rows do
                Ink.dim (name.PadRight width) ink + "  " + value
        ]

    let private tensorTable ink tensors =
        let width =
            tensors |> List.map (fun (tensor: TensorView) -> tensor.Name.Length) |> List.max

        [
            ""
            Ink.bold "tensors" ink
            for tensor in tensors do
                $"{tensor.Name.PadRight width}  {(typeName tensor).PadRight 4}  {(shape tensor).PadRight 16}  {(bytes tensor.ByteLength).PadLeft 11}"
        ]

    let private text ink (checkpoint: Checkpoint) tensors listsTensors =
        let architecture = checkpoint.Architecture

        let stored =
            [
                for dtype, count, _, size in byType tensors do
                    "", $"{dtype}: {bytes size} in {count} tensors"
            ]

        let tokenizerRows =
            match tokenizers checkpoint.Directory with
            | [] -> [ "tokenizer", "none" ]
            | found ->
                [
                    for file, tokenizer in found do
                        "tokenizer",
                        $"{file}: {tokenizer.Kind}, {grouped tokenizer.VocabularySize} tokens, BOS {id tokenizer.BosId}, EOS {id tokenizer.EosId}"
                ]

        [
            Ink.bold checkpoint.Directory ink
            string architecture
            ""
            yield!
                [
                    yield! architectureRows architecture
                    "parameters", grouped architecture.ParameterCount
                    "stored", $"{bytes checkpoint.StoredBytes} ({grouped checkpoint.StoredBytes} bytes)"
                    yield! stored
                    yield! costRows architecture
                    yield! tokenizerRows
                ]
                |> table ink
            if listsTensors then
                yield! tensorTable ink tensors
        ]

    let private json (checkpoint: Checkpoint) tensors listsTensors =
        let architecture = checkpoint.Architecture

        Json.record
            [
                "directory", Json.text checkpoint.Directory
                "query_stream", Json.flag architecture.HasQueryStream
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
                "residual",
                Json.text (
                    match architecture.Residual with
                    | A3.ResidualStyle.Reference -> "reference"
                    | _ -> "pre_norm"
                )
                "parameters", Json.whole architecture.ParameterCount
                "stored_bytes", Json.whole checkpoint.StoredBytes
                "bytes_by_type", Json.record [ for dtype, _, _, size in byType tensors -> dtype, Json.whole size ]
                "flops_per_token", Json.whole (architecture.FlopsPerToken 1)
                "flops_per_token_at_full_context", Json.whole (architecture.FlopsPerToken architecture.Context)
                "cache_bytes_per_token", Json.whole (architecture.CacheBytesPerToken 4)
                "tokenizers",
                Json.list
                    [
                        for file, tokenizer in tokenizers checkpoint.Directory do
                            Json.record
                                [
                                    "file", Json.text file
                                    "kind", Json.text tokenizer.Kind
                                    "size", Json.whole tokenizer.VocabularySize
                                ]
                    ]
                if listsTensors then
                    "tensors",
                    Json.list
                        [
                            for tensor in tensors do
                                Json.record
                                    [
                                        "name", Json.text tensor.Name
                                        "dtype", Json.text (typeName tensor)
                                        "shape", tensor.Shape.ToArray() |> Seq.map Json.whole |> Json.list
                                        "bytes", Json.whole tensor.ByteLength
                                    ]
                        ]
            ]

    let run (invocation: Invocation) (arguments: ParseResults<InspectArguments>) =
        let folder =
            arguments.TryGetResult InspectArguments.Directory
            |> Option.orElse invocation.Model
            |> ModelFolder.find

        use checkpoint = Checkpoint.Open folder
        let tensors = tensors checkpoint
        let listsTensors = arguments.Contains InspectArguments.Tensors

        if invocation.Output.Json then
            invocation.Output |> Output.json (json checkpoint tensors listsTensors)
        else
            invocation.Output
            |> Output.lines (text invocation.Output.Ink checkpoint tensors listsTensors)
