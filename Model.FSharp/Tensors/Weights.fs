namespace A3.Model.Tensors

open A3.Model
open TorchSharp

/// The weights of one block; matrices are [out, in] as in Hugging Face checkpoints.
type BlockWeights =
    {
        Query: torch.Tensor
        Key: torch.Tensor
        Value: torch.Tensor
        Output: torch.Tensor
        Gate: torch.Tensor
        Up: torch.Tensor
        Down: torch.Tensor
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
    }

[<RequireQualifiedAccess>]
module Weights =

    /// Weights looked up by their checkpoint names; a tied head is the embedding itself.
    let bind (architecture: Architecture) (tensor: string -> torch.Tensor) =
        let block index =
            let weight name = tensor (Architecture.layer index name)

            {
                Query = weight "self_attn.q_proj"
                Key = weight "self_attn.k_proj"
                Value = weight "self_attn.v_proj"
                Output = weight "self_attn.o_proj"
                Gate = weight "mlp.gate_proj"
                Up = weight "mlp.up_proj"
                Down = weight "mlp.down_proj"
                AttentionNorm = weight "input_layernorm"
                MlpNorm = weight "post_attention_layernorm"
            }

        let embedding = tensor Architecture.embedding

        {
            Embedding = embedding
            QueryEmbedding =
                match architecture.QueryStream with
                | QueryStream.Absent -> None
                | QueryStream.Learned -> Some(tensor Architecture.queryEmbedding)
            Blocks = Array.init architecture.Layers block
            FinalNorm = tensor Architecture.finalNorm
            Head =
                if architecture.TiedHead then
                    embedding
                else
                    tensor Architecture.head
        }

    /// Parameters that decay first, so that weight decay is one operation on the front of a flat vector.
    let private flatOrder architecture =
        Architecture.parameters architecture
        |> List.sortBy (fun parameter -> not parameter.Decays)

    let private size (parameter: Parameter) =
        parameter.Shape |> List.fold (fun size side -> size * int64 side) 1L

    /// Name, offset and shape of every parameter within one flat vector of all of them, decaying ones first.
    let flatLayout architecture =
        let parameters = flatOrder architecture

        let offsets =
            parameters |> List.scan (fun offset parameter -> offset + size parameter) 0L

        List.zip parameters (offsets |> List.take parameters.Length)

    /// How many numbers at the front of the flat vector decay.
    let decayingCount architecture =
        flatOrder architecture |> List.filter _.Decays |> List.sumBy size

    /// Weights as views of one flat vector [parameters], so that its gradient is one tensor and an optimizer step a
    /// handful of operations, whatever the number of layers. Gradients flow through one split.
    let ofFlat architecture (flat: torch.Tensor) =
        let parameters = flatOrder architecture
        let pieces = flat.split (parameters |> List.map size |> Array.ofList)

        let views =
            List.zip parameters (List.ofArray pieces)
            |> List.map (fun (parameter, piece) ->
                parameter.Name, piece.view (parameter.Shape |> List.map int64 |> Array.ofList))
            |> Map.ofList

        bind architecture (fun name -> views[name])

    /// Fresh numbers for the flat vector, float32: normal draws of `generator` as each parameter asks, gains at 1.
    let initialise architecture (seed: int64) =
        Native.ensure ()
        use generator = new torch.Generator(uint64 seed, torch.CPU)

        let flat =
            torch.empty (Architecture.parameterCount architecture, dtype = torch.float32)

        for parameter, offset in flatLayout architecture do
            use piece = flat.narrow (0L, offset, size parameter)

            match parameter.Initialisation with
            | Initialisation.Ones -> piece |> Numbers.fill 1.0
            | Initialisation.Normal deviation -> piece.normal_ (0.0, deviation, generator) |> ignore

        flat
