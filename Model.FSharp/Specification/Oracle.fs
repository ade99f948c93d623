namespace A3.Model

/// What the oracle computes: logits of both streams, [position][vocabulary].
type OracleLogits =
    { Content: float[][]; Query: float[][] }

/// The whole two-stream network in plain F# and float64, written from its definition with no library: slow, obvious, and
/// the judge of every fast path.
[<RequireQualifiedAccess>]
module Oracle =

    let private dot (a: float[]) (b: float[]) =
        Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b

    let private add (a: float[]) (b: float[]) = Array.map2 (+) a b

    /// Rows of a row-major matrix [rows, width].
    let private rows width (matrix: float[]) = Array.chunkBySize width matrix

    let private apply (matrix: float[][]) x = matrix |> Array.map (dot x)

    let private rmsNorm epsilon gain (x: float[]) =
        let scale = 1.0 / sqrt (dot x x / float x.Length + epsilon)
        Array.map2 (fun value weight -> value * scale * weight) x gain

    let private silu x = x / (1.0 + exp -x)

    /// Turns one head's vector by its position: dimension i with dimension i + half.
    let private rotate (frequencies: float[]) position (x: float[]) =
        let half = frequencies.Length

        Array.init x.Length (fun i ->
            let angle = float position * frequencies[i % half]

            if i < half then
                x[i] * cos angle - x[i + half] * sin angle
            else
                x[i] * cos angle + x[i - half] * sin angle)

    /// Softmax-weighted mean of the values of the visible keys; zeros where nothing is visible.
    let private attendHead width (query: float[]) (visible: (float[] * float[])[]) =
        if Array.isEmpty visible then
            Array.zeroCreate width
        else
            let scores =
                visible |> Array.map (fun (key, _) -> dot query key / sqrt (float width))

            let peak = Array.max scores
            let weights = scores |> Array.map (fun score -> exp (score - peak))
            let total = Array.sum weights

            Array.map2 (fun weight (_, value) -> value |> Array.map ((*) (weight / total))) weights visible
            |> Array.reduce add

    /// Logits of every position under a layout; `weight name` is the row-major tensor of that checkpoint name.
    let forward (architecture: Architecture) (weight: string -> float[]) (layout: Layout) (tokens: int[]) =
        let width = architecture.Width
        let headWidth = architecture.HeadWidth
        let frequencies = Architecture.inverseFrequencies architecture
        let norm = rmsNorm architecture.NormEpsilon
        let matrix name = rows width (weight name)

        /// `shift` is how far before its position a row of the stream is read.
        let attention layer (content: float[][]) (stream: float[][]) mask shift =
            let part name = Architecture.layer layer name

            let headsOf position x =
                x |> Array.chunkBySize headWidth |> Array.map (rotate frequencies position)

            let keys =
                content
                |> Array.mapi (fun position x -> apply (matrix (part "self_attn.k_proj")) x |> headsOf position)

            let values =
                content
                |> Array.map (fun x -> apply (matrix (part "self_attn.v_proj")) x |> Array.chunkBySize headWidth)

            let queries =
                stream
                |> Array.mapi (fun position x ->
                    apply (matrix (part "self_attn.q_proj")) x |> headsOf (position - shift))

            let output =
                rows (Architecture.queryWidth architecture) (weight (part "self_attn.o_proj"))

            let group = architecture.Heads / architecture.KvHeads

            queries
            |> Array.mapi (fun position heads ->
                let seen =
                    [| 0 .. tokens.Length - 1 |]
                    |> Array.filter (Mask.allows (Mask.real mask) layout position)

                heads
                |> Array.mapi (fun head query ->
                    seen
                    |> Array.map (fun key -> keys[key][head / group], values[key][head / group])
                    |> attendHead headWidth query)
                |> Array.concat
                |> apply output)

        let mlp layer x =
            let part name = Architecture.layer layer name
            let gate = apply (matrix (part "mlp.gate_proj")) x
            let up = apply (matrix (part "mlp.up_proj")) x
            let down = rows architecture.MlpWidth (weight (part "mlp.down_proj"))
            apply down (Array.map2 (fun gate up -> silu gate * up) gate up)

        let block (content, query) layer =
            let norm1 = Array.map (norm (weight (Architecture.layer layer "input_layernorm")))
            let norm2 = norm (weight (Architecture.layer layer "post_attention_layernorm"))

            let through stream mask shift =
                Array.map2 add stream (attention layer (norm1 content) (norm1 stream) mask shift)
                |> Array.map (fun mixed ->
                    match architecture.Residual with
                    | Residual.PreNorm -> add mixed (mlp layer (norm2 mixed))
                    | Residual.Reference -> add (norm2 mixed) (mlp layer (norm2 mixed)))

            through content Mask.content 0, through query Mask.query (Architecture.queryShift architecture)

        let embedding = matrix Architecture.embedding

        let start =
            let learned _ = weight Architecture.queryEmbedding

            match architecture.QueryStream with
            | QueryStream.Absent -> [||]
            | QueryStream.Learned -> tokens |> Array.map learned
            | QueryStream.Preceding ->
                tokens
                |> Array.mapi (fun position _ ->
                    if Mask.seesPreceding layout position then
                        embedding[tokens[position - 1]]
                    else
                        learned position)

        let head =
            if architecture.TiedHead then
                embedding
            else
                matrix Architecture.head

        let logits = Array.map (norm (weight Architecture.finalNorm) >> apply head)

        let content, query =
            List.fold block (tokens |> Array.map (Array.get embedding), start) [ 0 .. architecture.Layers - 1 ]

        {
            Content = logits content
            Query = logits query
        }
