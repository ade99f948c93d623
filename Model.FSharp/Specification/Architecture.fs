namespace A3.Model

/// How the residual stream is threaded through a block.
[<RequireQualifiedAccess>]
type Residual =
    /// LLaMA's: h = x + attn(norm1 x); out = h + mlp(norm2 h).
    | PreNorm
    /// The authors' published code: h = norm2(x + attn(norm1 x)); out = h + mlp h. LLaMA weights do not compute LLaMA with it.
    | Reference

/// How RoPE's inverse frequencies are changed for contexts longer than those first trained on.
[<RequireQualifiedAccess>]
type RopeScaling =
    | Unscaled
    | Linear of factor: float
    /// LLaMA 3.1 and later: long wavelengths are divided by `factor`, short ones kept, those between interpolated.
    | Llama3 of factor: float * lowFrequency: float * highFrequency: float * originalContext: int

/// What the query stream starts from.
[<RequireQualifiedAccess>]
type QueryStream =
    /// An ordinary causal LLaMA: content stream only.
    | Absent
    /// One learned vector for all positions, `model.query_embed` (A3).
    | Learned
    /// The token before a position, read where it stands, if the query may see it; else the learned vector, read there too. Such a
    /// query is what predicts the next token in a causal LLaMA, which it computes left to right from its first step.
    | Preceding

/// The network as a value; everything else about it (parameters, FLOPs, bytes) derives from this.
type Architecture =
    {
        Vocabulary: int
        Width: int
        Layers: int
        Heads: int
        KvHeads: int
        HeadWidth: int
        MlpWidth: int
        /// Longest sequence, in positions.
        Context: int
        NormEpsilon: float
        RopeBase: float
        RopeScaling: RopeScaling
        TiedHead: bool
        Residual: Residual
        QueryStream: QueryStream
    }

/// How a parameter starts.
[<RequireQualifiedAccess>]
type Initialisation =
    | Ones
    | Normal of deviation: float

/// One tensor of a checkpoint: its Hugging Face name, its shape, how it starts and whether weight decay applies.
type Parameter =
    {
        Name: string
        Shape: int list
        Initialisation: Initialisation
        Decays: bool
    }

/// A field of an architecture that breaks a rule.
type ArchitectureError =
    {
        Field: string
        Given: string
        Rule: string
    }

    member error.Message = $"{error.Field} = {error.Given}: {error.Rule}"

[<RequireQualifiedAccess>]
module Architecture =

    let queryEmbedding = "model.query_embed"
    let embedding = "model.embed_tokens.weight"
    let finalNorm = "model.norm.weight"
    let head = "lm_head.weight"

    /// How many positions before its own a query row is read, by RoPE.
    let queryShift architecture =
        match architecture.QueryStream with
        | QueryStream.Preceding -> 1
        | QueryStream.Learned
        | QueryStream.Absent -> 0

    /// The name of a tensor of a block, for example `layer 3 "self_attn.q_proj"`.
    let layer index name = $"model.layers.%d{index}.{name}.weight"

    /// Width of all query heads together, and of all key heads together.
    let queryWidth architecture =
        architecture.Heads * architecture.HeadWidth

    let kvWidth architecture =
        architecture.KvHeads * architecture.HeadWidth

    /// The field of Transformer papers: a LLaMA of this depth and width with the usual choices for all else.
    let create vocabulary width layers heads context =
        {
            Vocabulary = vocabulary
            Width = width
            Layers = layers
            Heads = heads
            KvHeads = heads
            HeadWidth = width / max 1 heads
            MlpWidth = (width * 8 / 3 + 31) / 32 * 32
            Context = context
            NormEpsilon = 1e-5
            RopeBase = 10000.0
            RopeScaling = RopeScaling.Unscaled
            TiedHead = true
            Residual = Residual.PreNorm
            QueryStream = QueryStream.Learned
        }

    /// Whether heads take equal, even parts of a width: RoPE turns pairs of dimensions.
    let headsFit width heads =
        heads >= 1 && width % heads = 0 && width / heads % 2 = 0

    /// The numbers of heads nearest to one that does not fit a width, below and above it; none for an odd width.
    let fittingHeads width heads =
        [ [ min heads width .. -1 .. 1 ]; [ max heads 1 .. width ] ]
        |> List.choose (List.tryFind (headsFit width))

    /// Largest value of a size: products of two of them still fit 64 bits with room, and no real network is near it.
    let private largest = 1 <<< 24

    /// Most blocks, and most parameters: with them every count and cost of an architecture fits 63 bits.
    let private deepest = 4096

    let private heaviest = 2.0 ** 40.0

    /// The architecture itself where every field keeps its rule, else the first that does not.
    let validate architecture =
        let size field value =
            if value >= 1 && value <= largest then
                None
            else
                Some
                    {
                        Field = field
                        Given = string value
                        Rule = $"must be in 1..%d{largest}."
                    }

        let demand field given rule holds =
            if holds then
                None
            else
                Some
                    {
                        Field = field
                        Given = given
                        Rule = rule
                    }

        let multiplier factor =
            demand
                "rope_scaling.factor"
                (string factor)
                "must be at least 1 and finite."
                (factor >= 1.0 && System.Double.IsFinite factor)

        let scaling =
            match architecture.RopeScaling with
            | RopeScaling.Unscaled -> None
            | RopeScaling.Linear factor -> multiplier factor
            | RopeScaling.Llama3(factor, low, high, original) ->
                multiplier factor
                |> Option.orElse (
                    demand
                        "rope_scaling.high_freq_factor"
                        (string high)
                        $"must be above low_freq_factor = {string low}, which must be above 0."
                        (high > low && low > 0.0 && System.Double.IsFinite high)
                )
                |> Option.orElse (size "rope_scaling.original_max_position_embeddings" original)

        let weight =
            let block =
                float architecture.Heads * float architecture.HeadWidth
                + float architecture.MlpWidth

            float architecture.Width
            * (2.0 * float architecture.Vocabulary + 4.0 * float architecture.Layers * block)

        [
            size "vocab_size" architecture.Vocabulary
            size "hidden_size" architecture.Width
            size "num_hidden_layers" architecture.Layers
            size "num_attention_heads" architecture.Heads
            size "num_key_value_heads" architecture.KvHeads
            size "head_dim" architecture.HeadWidth
            size "intermediate_size" architecture.MlpWidth
            size "max_position_embeddings" architecture.Context
            demand
                "num_key_value_heads"
                (string architecture.KvHeads)
                $"must divide num_attention_heads = %d{architecture.Heads}."
                (architecture.KvHeads >= 1 && architecture.Heads % architecture.KvHeads = 0)
            demand
                "head_dim"
                (string architecture.HeadWidth)
                "must be even: RoPE turns pairs of dimensions."
                (architecture.HeadWidth % 2 = 0)
            demand
                "rms_norm_eps"
                (string architecture.NormEpsilon)
                "must be above 0 and below 1."
                (architecture.NormEpsilon > 0.0 && architecture.NormEpsilon < 1.0)
            demand
                "rope_theta"
                (string architecture.RopeBase)
                "must be a finite number above 1."
                (architecture.RopeBase > 1.0 && System.Double.IsFinite architecture.RopeBase)
            scaling
            demand
                "num_hidden_layers"
                (string architecture.Layers)
                $"must be at most %d{deepest}."
                (architecture.Layers <= deepest)
            demand
                "head_dim"
                (string architecture.HeadWidth)
                $"times num_attention_heads = %d{architecture.Heads} must be at most %d{largest}."
                (int64 architecture.HeadWidth * int64 architecture.Heads <= int64 largest)
            demand "parameters" (string weight) $"must be at most {string heaviest}." (weight <= heaviest)
        ]
        |> List.tryPick id
        |> function
            | None -> Ok architecture
            | Some error -> Error error

    /// Every tensor of a checkpoint, in the order of Hugging Face's LLaMA. Projections start at N(0, 1 / columns), so that
    /// queries and keys are of the scale attention needs at any width; those that write to the residual stream are divided
    /// by sqrt(2 layers) (GPT-2). Token embeddings start at N(0, 0.02), `query_embed` at their scale.
    let parameters architecture =
        let embeddingDeviation = 0.02

        let parameter name rows columns deviation =
            {
                Name = name
                Shape = [ rows; columns ]
                Initialisation = Initialisation.Normal deviation
                Decays = true
            }

        let matrix name rows columns =
            parameter name rows columns (1.0 / sqrt (float columns))

        let writing name rows columns =
            parameter name rows columns (1.0 / sqrt (2.0 * float architecture.Layers * float columns))

        let gain name =
            {
                Name = name
                Shape = [ architecture.Width ]
                Initialisation = Initialisation.Ones
                Decays = false
            }

        let block index =
            let name part = layer index part

            [
                matrix (name "self_attn.q_proj") (queryWidth architecture) architecture.Width
                matrix (name "self_attn.k_proj") (kvWidth architecture) architecture.Width
                matrix (name "self_attn.v_proj") (kvWidth architecture) architecture.Width
                writing (name "self_attn.o_proj") architecture.Width (queryWidth architecture)
                matrix (name "mlp.gate_proj") architecture.MlpWidth architecture.Width
                matrix (name "mlp.up_proj") architecture.MlpWidth architecture.Width
                writing (name "mlp.down_proj") architecture.Width architecture.MlpWidth
                gain (name "input_layernorm")
                gain (name "post_attention_layernorm")
            ]

        [
            if architecture.QueryStream <> QueryStream.Absent then
                {
                    Name = queryEmbedding
                    Shape = [ 1; 1; architecture.Width ]
                    Initialisation = Initialisation.Normal embeddingDeviation
                    Decays = false
                }

            parameter embedding architecture.Vocabulary architecture.Width embeddingDeviation

            for index in 0 .. architecture.Layers - 1 do
                yield! block index

            gain finalNorm

            if not architecture.TiedHead then
                parameter head architecture.Vocabulary architecture.Width embeddingDeviation
        ]

    /// The same network with another query stream, or with one: what a causal LLaMA becomes when it is adapted.
    let withQueryStream start architecture =
        { architecture with
            QueryStream = start
        }

    /// The causal LLaMA inside: what is left of a two-stream network without its query stream.
    let withoutQueryStream architecture =
        withQueryStream QueryStream.Absent architecture

    let private product shape =
        shape |> List.fold (fun size side -> size * int64 side) 1L

    let parameterCount architecture =
        parameters architecture |> List.sumBy (fun parameter -> product parameter.Shape)

    /// Multiplications and additions of one row through all blocks and the head, attention over `keys` keys included.
    let flopsPerRow keys architecture =
        let block =
            2L
            * int64 architecture.Width
            * int64 (2 * queryWidth architecture + 2 * kvWidth architecture)
            + 6L * int64 architecture.Width * int64 architecture.MlpWidth
            + 4L * int64 (queryWidth architecture) * int64 keys

        int64 architecture.Layers * block
        + 2L * int64 architecture.Width * int64 architecture.Vocabulary

    /// Bytes of keys and values that one content row leaves in the cache.
    let cacheBytesPerToken bytesPerNumber architecture =
        2L
        * int64 architecture.Layers
        * int64 (kvWidth architecture)
        * int64 bytesPerNumber

    /// RoPE's inverse frequencies, [head width / 2], with scaling applied.
    let inverseFrequencies architecture =
        let half = architecture.HeadWidth / 2

        let plain =
            Array.init half (fun i -> architecture.RopeBase ** (-2.0 * float i / float architecture.HeadWidth))

        match architecture.RopeScaling with
        | RopeScaling.Unscaled -> plain
        | RopeScaling.Linear factor -> plain |> Array.map (fun frequency -> frequency / factor)
        | RopeScaling.Llama3(factor, low, high, original) ->
            plain
            |> Array.map (fun frequency ->
                let wavelength = 2.0 * System.Math.PI / frequency

                let smooth =
                    (float original / wavelength - low) / (high - low) |> max 0.0 |> min 1.0

                (1.0 - smooth) * frequency / factor + smooth * frequency)
