namespace A3.Cli

open A3.Model

/// The shape of a network that random weights are drawn for.
type NetworkShape =
    {
        Vocabulary: int
        Width: int
        Layers: int
        Heads: int
        /// As many as heads where there is none.
        KvHeads: int option
        /// 8/3 of the width where there is none.
        Mlp: int option
        Context: int
    }

[<RequireQualifiedAccess>]
module NetworkShape =

    let private number name limit help set =
        Setting.create name Form.Number help (fun given -> set (Limit.read given.Name limit given.Text))

    let private sized name limit usual what set =
        number name limit $"{what}, {(limit: Limit<int>).Range} (default {usual:int})." set

    /// The sizes that every measurement takes, with these defaults.
    let settings usual : Setting<NetworkShape> list =
        [
            sized
                "width"
                Limits.width
                usual.Width
                "width of the hidden states of the random weights"
                (fun width shape -> { shape with Width = width })
            sized "layers" Limits.layers usual.Layers "number of blocks" (fun layers shape ->
                { shape with Layers = layers })
            sized
                "heads"
                Limits.heads
                usual.Heads
                "attention heads, each an equal, even part of the width"
                (fun heads shape -> { shape with Heads = heads })
            sized "vocabulary" Limits.vocabulary usual.Vocabulary "tokens of the vocabulary" (fun vocabulary shape ->
                { shape with Vocabulary = vocabulary })
        ]

    /// The sizes that only decoding takes.
    let more: Setting<NetworkShape> list =
        [
            number
                "kv-heads"
                Limits.heads
                $"heads of keys and values, {Limits.heads.Range} (default: as many as heads, which they must divide)."
                (fun heads shape -> { shape with KvHeads = Some heads })
            number
                "mlp"
                Limits.mlp
                $"width of the MLP, {Limits.mlp.Range} (default: 8/3 of the width)."
                (fun width shape -> { shape with Mlp = Some width })
        ]

    /// The length of the sequences.
    let context usual : Setting<NetworkShape> =
        sized "context" Limits.context usual.Context "tokens of each sequence" (fun context shape ->
            { shape with Context = context })

    /// Refuses what is no network.
    let architecture shape =
        let plain =
            Architecture.create shape.Vocabulary shape.Width shape.Layers shape.Heads shape.Context

        let chosen =
            { plain with
                KvHeads = defaultArg shape.KvHeads plain.KvHeads
                MlpWidth = defaultArg shape.Mlp plain.MlpWidth
            }

        match Architecture.validate chosen with
        | Ok valid when valid.Width = valid.Heads * valid.HeadWidth -> valid
        | Ok valid -> raise (UsageException $"--width {valid.Width}: must be a multiple of --heads {valid.Heads}.")
        | Error error -> raise (UsageException error.Message)
