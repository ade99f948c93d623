namespace A3.Tensors

open A3.Model
open TorchSharp
open type TorchSharp.torch.nn.functional

/// What is added to a matrix: scale * up down, of a low rank (LoRA, Hu et al. 2021, arXiv 2106.09685).
type LowRank =
    {
        /// [rank, in].
        Down: torch.Tensor
        /// [out, rank].
        Up: torch.Tensor
        Scale: float
    }

/// A matrix [out, in] as in Hugging Face checkpoints, and what is added to it.
type Projection =
    {
        Matrix: torch.Tensor
        LowRank: LowRank option
    }

[<RequireQualifiedAccess>]
module Projection =

    /// Rows [.., in] through the matrix, [.., out]; the two factors of what is added are never multiplied out. A matrix of
    /// another number type than the rows is converted for the product.
    let apply projection (x: torch.Tensor) =
        let own = linear (x, projection.Matrix.to_type x.dtype)

        match projection.LowRank with
        | None -> own
        | Some added ->
            linear (linear (x, added.Down), added.Up)
            |> Numbers.scale added.Scale
            |> Numbers.add own

    /// The one matrix that computes the same, float32.
    let merged projection =
        let matrix = projection.Matrix.to_type torch.float32

        match projection.LowRank with
        | None -> matrix
        | Some added ->
            added.Up.to_type(torch.float32).mm(added.Down.to_type torch.float32)
            |> Numbers.scale added.Scale
            |> Numbers.add matrix

    /// Its tensors.
    let tensors projection =
        [
            projection.Matrix

            match projection.LowRank with
            | Some added ->
                added.Down
                added.Up
            | None -> ()
        ]

/// The weights of one block.
type BlockWeights =
    {
        Query: Projection
        Key: Projection
        Value: Projection
        Output: Projection
        Gate: Projection
        Up: Projection
        Down: Projection
        AttentionNorm: torch.Tensor
        MlpNorm: torch.Tensor
    }

/// All weights of a network, by role. Whoever made the tensors owns them.
type Weights =
    {
        Embedding: torch.Tensor
        QueryEmbedding: torch.Tensor option
        Blocks: BlockWeights[]
        FinalNorm: torch.Tensor
        Head: torch.Tensor
        /// The number type of hidden states.
        Computes: torch.ScalarType
    }

[<RequireQualifiedAccess>]
module Weights =

    /// Weights looked up by their checkpoint names, with what is added to the matrices of blocks; a tied head is the embedding
    /// itself.
    let bindWith
        computes
        (architecture: Architecture)
        (tensor: string -> torch.Tensor)
        (lowRank: string -> LowRank option)
        =
        let block index =
            let name part = Architecture.layer index part

            let projection part =
                {
                    Matrix = tensor (name part)
                    LowRank = lowRank (name part)
                }

            {
                Query = projection "self_attn.q_proj"
                Key = projection "self_attn.k_proj"
                Value = projection "self_attn.v_proj"
                Output = projection "self_attn.o_proj"
                Gate = projection "mlp.gate_proj"
                Up = projection "mlp.up_proj"
                Down = projection "mlp.down_proj"
                AttentionNorm = tensor (name "input_layernorm")
                MlpNorm = tensor (name "post_attention_layernorm")
            }

        let embedding = tensor Architecture.embedding

        {
            Embedding = embedding
            QueryEmbedding =
                match architecture.QueryStream with
                | QueryStream.Absent -> None
                | QueryStream.Learned
                | QueryStream.Preceding -> Some(tensor Architecture.queryEmbedding)
            Blocks = Array.init architecture.Layers block
            FinalNorm = tensor Architecture.finalNorm
            Head =
                if architecture.TiedHead then
                    embedding
                else
                    tensor Architecture.head
            Computes = computes
        }

    /// Weights looked up by their checkpoint names, all of the number type that the network computes in.
    let bind architecture (tensor: string -> torch.Tensor) =
        bindWith (tensor Architecture.embedding).dtype architecture tensor (fun _ -> None)

    /// All parameters as views of one flat vector, see `Flat`.
    let ofFlat architecture flat =
        let views = Flat.views (Architecture.parameters architecture) flat
        bind architecture (fun name -> views[name])

    /// Name, offset and shape of every parameter within the flat vector of all of them.
    let flatLayout architecture =
        Flat.layout (Architecture.parameters architecture)

    /// Fresh numbers for the flat vector of all parameters.
    let initialise architecture seed =
        Flat.initialise (Architecture.parameters architecture) seed
