namespace A3.Cli

open System
open A3

/// What there is to know of a checkpoint, for people.
[<RequireQualifiedAccess>]
module InspectionText =

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
            "residual", Inspection.residual architecture
            if architecture.HasQueryStream then
                "query start", Inspection.queryStart architecture
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
            for name, count, size in Inspection.byType inspection do
                "", $"{name}: {Number.bytes size} in {count} tensors"
        ]

    let private tokenizerRows inspection =
        let one (token: Nullable<int>) = Option.toList (Option.ofNullable token)

        /// A token as people know it, and its id.
        let shown (tokenizer: ITokenizer) (token: int) =
            $"{tokenizer.TokenText token} ({token})"

        let list tokenizer tokens =
            match List.ofSeq tokens with
            | [] -> "none"
            | tokens -> tokens |> List.map (shown tokenizer) |> String.concat ", "

        let rows (described: TokenizerDescription) =
            let tokenizer = described.Tokenizer

            [
                "tokenizer", $"{described.File}: {described.Kind}, {Number.grouped described.Size} tokens"
                "", $"BOS {list tokenizer (one tokenizer.BosId)}, EOS {list tokenizer tokenizer.EosIds}"
                "", $"a text begins with {list tokenizer tokenizer.Prefix} by the tokenizer's own rules"
                if inspection.Architecture.HasQueryStream then
                    "first token", list tokenizer (one tokenizer.FirstId)
            ]

        match inspection.Tokenizers with
        | [] -> [ "tokenizer", "none" ]
        | tokenizers -> tokenizers |> List.collect rows

    let private table ink rows =
        Table.styled ink [ Side.Left; Side.Left ] [ for name, value in rows -> [ name, Table.dim; value, Table.plain ] ]

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
        let row (tensor: TensorInfo) =
            let shape = tensor.Shape |> Seq.map string |> String.concat ", "
            [ tensor.Name; tensor.NumberType; $"[{shape}]"; Number.bytes tensor.Bytes ]

        ""
        :: Ink.bold "tensors" ink
        :: Table.lines [ Side.Left; Side.Left; Side.Left; Side.Right ] (inspection.Tensors |> List.map row)
