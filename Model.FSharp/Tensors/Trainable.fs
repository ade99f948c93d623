namespace A3.Tensors

open System
open A3.Model
open TorchSharp

/// Which weights of a network train: some of its tensors whole, some matrices of its blocks by a low-rank addition. The others
/// are frozen: they have no gradient and no optimizer state.
type Trainable =
    {
        /// Tensors of the checkpoint.
        Whole: Parameter list
        /// Matrices of the checkpoint, none of them in `Whole`.
        Adapted: Parameter list
        /// Rank of the additions.
        Rank: int
        /// What they are multiplied by.
        Scale: float
    }

/// Where a matrix lies in a flat vector, row by row.
type MatrixPlace =
    {
        Offset: int64
        Rows: int64
        Columns: int64
    }

[<RequireQualifiedAccess>]
module Trainable =

    /// The word for everything.
    let all = "all"

    /// The word for low-rank additions to all matrices of all blocks.
    let lowRank = "lora"

    /// Every tensor of an architecture.
    let everything architecture =
        {
            Whole = Architecture.parameters architecture
            Adapted = []
            Rank = 0
            Scale = 0.0
        }

    /// Whether a name is of a pattern, in which `*` stands for any characters.
    let private isOf (pattern: string) (name: string) =
        let parts = pattern.Split '*' |> Array.map Text.RegularExpressions.Regex.Escape
        Text.RegularExpressions.Regex.IsMatch(name, "^" + String.Join(".*", parts) + "$")

    let private isProjection (parameter: Parameter) = parameter.Name.Contains "_proj."

    /// The choice that words make, separated by spaces: `all`; `lora` for additions of a rank, scaled by alpha / rank; names or
    /// patterns of tensors that train whole, such as `model.query_embed *norm*`. With `lora`, and wherever `isNew` says that the
    /// weights to start from lack it, the query embedding trains too. An error says which word is none.
    let choose architecture rank (alpha: float) isNew (text: string) =
        let parameters = Architecture.parameters architecture

        let words =
            text.Split([| ' '; ',' |], StringSplitOptions.RemoveEmptyEntries)
            |> List.ofArray

        let patterns = words |> List.except [ all; lowRank ]
        let adapts = List.contains lowRank words

        let chosen (parameter: Parameter) =
            patterns |> List.exists (fun pattern -> isOf pattern parameter.Name)
            || isNew parameter.Name
            || (adapts && parameter.Name = Architecture.queryEmbedding)

        let unknown =
            patterns
            |> List.tryFind (fun pattern ->
                not (parameters |> List.exists (fun parameter -> isOf pattern parameter.Name)))

        match unknown with
        | _ when words.IsEmpty -> Error "no word: all, lora, or patterns of tensor names are expected."
        | Some word ->
            Error
                $"\"{word}\" is no tensor of this network; all, lora, or patterns of names such as {Architecture.queryEmbedding}, *norm* or *.layers.0.mlp.* are expected."
        | None when List.contains all words -> Ok(everything architecture)
        | None ->
            let whole, others = parameters |> List.partition chosen

            Ok
                {
                    Whole = whole
                    Adapted = if adapts then others |> List.filter isProjection else []
                    Rank = rank
                    Scale = alpha / float rank
                }

    let private downName name = name + ".lora_A"
    let private upName name = name + ".lora_B"

    /// Both factors of an addition, as PEFT names and draws them: down at random, up at 0, so that it starts as nothing.
    let private factors rank (matrix: Parameter) =
        let rows, columns = matrix.Shape[0], matrix.Shape[1]

        [
            {
                Name = downName matrix.Name
                Shape = [ rank; columns ]
                Initialisation = Initialisation.Normal(1.0 / sqrt (float columns))
                Decays = true
            }
            {
                Name = upName matrix.Name
                Shape = [ rows; rank ]
                Initialisation = Initialisation.Normal 0.0
                Decays = true
            }
        ]

    /// What the flat vector holds.
    let parameters trainable =
        trainable.Whole @ (trainable.Adapted |> List.collect (factors trainable.Rank))

    /// Where the matrices of blocks that train whole lie in the flat vector.
    let matrices trainable =
        let isWhole (parameter: Parameter) =
            isProjection parameter && List.contains parameter trainable.Whole

        Flat.layout (parameters trainable)
        |> List.filter (fst >> isWhole)
        |> List.map (fun (matrix, offset) ->
            {
                Offset = offset
                Rows = int64 matrix.Shape[0]
                Columns = int64 matrix.Shape[1]
            })

    let private lookup trainable (views: Map<string, torch.Tensor>) frozen =
        let adapted = trainable.Adapted |> List.map _.Name |> Set.ofList

        let lowRank name =
            if adapted.Contains name then
                Some
                    {
                        Down = views[downName name]
                        Up = views[upName name]
                        Scale = trainable.Scale
                    }
            else
                None

        let tensor name =
            views |> Map.tryFind name |> Option.defaultWith (fun () -> frozen name)

        tensor, lowRank

    /// The network that the flat vector and the frozen tensors make, computing in a number type: the vector is converted as a
    /// whole, and its gradient comes back in float32.
    let bind computes architecture trainable (frozen: string -> torch.Tensor) (flat: torch.Tensor) =
        let views = Flat.views (parameters trainable) (flat.to_type computes)
        let tensor, lowRank = lookup trainable views frozen
        Weights.bindWith computes architecture tensor lowRank

    /// A tensor of the checkpoint that computes the same without additions, in the number type it has here.
    let value trainable (frozen: string -> torch.Tensor) (flat: torch.Tensor) name =
        let tensor, lowRank =
            lookup trainable (Flat.views (parameters trainable) (flat.detach ())) frozen

        match lowRank name with
        | None -> tensor name
        | added ->
            Projection.merged
                {
                    Matrix = tensor name
                    LowRank = added
                }
