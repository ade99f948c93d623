namespace A3.Model.Tensors

open A3.Model
open TorchSharp

/// One training batch: tokens, int64 [batch, position], and their layouts; the places that the query stream predicts, int64
/// [target] (never evidence, never padding); how much each of them counts, float32 [target] (once where none), and all together;
/// and, where the content stream's causal loss is wanted, the places from which it predicts the next one, int64 [causal target] (only in
/// sequences whose partition is singletons left to right). Places count positions row by row, batch * length + position; they are
/// places rather than masks so that the device is never asked how many there are.
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Targets: torch.Tensor
        TargetWeights: torch.Tensor option
        TotalWeight: float
        CausalTargets: torch.Tensor option
    }

/// What the streams say of a batch in nats, tensors owned by the caller: in `losses` means per token, scalar; in `descend` sums,
/// scalar; in `surprisals` one number per target, [target], in the order of the places.
type StreamLosses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

/// What the sums of the streams' surprisals are multiplied by to be added up to the loss of a step.
type LossFactors = { Query: float; Content: float }

[<RequireQualifiedAccess>]
module Objective =

    /// Rows of one stream that meet a loss: normed hidden states [row, width], the tokens they predict, how much each counts.
    type private Prediction =
        {
            Rows: torch.Tensor
            Labels: torch.Tensor
            Weights: torch.Tensor option
        }

    let private at places (values: torch.Tensor) = values.index_select (0, places)

    let private normedAt architecture weights places (hidden: torch.Tensor) =
        hidden.flatten (0, 1) |> at places |> TwoStream.normed architecture weights

    let private queryPrediction architecture weights batch query =
        {
            Rows = query |> normedAt architecture weights batch.Targets
            Labels = batch.Tokens.flatten () |> at batch.Targets
            Weights = batch.TargetWeights
        }

    let private causalPrediction architecture weights (tokens: torch.Tensor) places content =
        {
            Rows = content |> normedAt architecture weights places
            Labels = tokens.flatten().narrow(0, 1, tokens.NumberOfElements - 1L) |> at places
            Weights = None
        }

    let private predictions (architecture: Architecture) weights batch =
        if architecture.QueryStream = QueryStream.Absent then
            invalidArg "architecture" "the objective needs a query stream; this architecture has none."

        match batch.CausalTargets with
        | None ->
            let query = TwoStream.forwardQuery architecture weights batch.Layouts batch.Tokens

            queryPrediction architecture weights batch query, None
        | Some places ->
            let streams = TwoStream.forward architecture weights batch.Layouts batch.Tokens

            queryPrediction architecture weights batch streams.Query.Value,
            Some(causalPrediction architecture weights batch.Tokens places streams.Content)

    let private surprisalsOf weights prediction =
        CrossEntropy.surprisals prediction.Rows weights.Head prediction.Labels

    /// -log p(x_i | x_G<k) of every target by the query stream, and -log p(x_i | x_<i) of every causal target by the content
    /// stream; one forward pass for both.
    let surprisals architecture weights batch : StreamLosses =
        let query, content = predictions architecture weights batch

        {
            Query = surprisalsOf weights query
            Content = content |> Option.map (surprisalsOf weights)
        }

    /// The weighted mean surprisal over the targets of the batch (query stream), and the mean over its causal targets
    /// (content stream). Under a weighting by 1/t the weights of a sequence sum to its open positions, so that this is its
    /// estimate of -log p per token. Differentiable; `descend` is the same, faster.
    let losses architecture weights batch : StreamLosses =
        let surprisals = surprisals architecture weights batch

        let weighted =
            batch.TargetWeights
            |> Option.map (fun weights -> surprisals.Query * weights)
            |> Option.defaultValue surprisals.Query

        {
            Query = weighted.sum () |> Numbers.scale (1.0 / batch.TotalWeight)
            Content = surprisals.Content |> Option.map _.mean()
        }

    /// The weighted sum of a prediction's surprisals, and the gradient of `factor` times it towards its rows.
    let private descendOne weights headGradient (factor, prediction) =
        let counts =
            prediction.Weights
            |> Option.defaultWith (fun () -> torch.ones (prediction.Rows.shape[0], device = prediction.Rows.device))

        let surprisals, gradient =
            CrossEntropy.descend
                prediction.Rows
                weights.Head
                prediction.Labels
                (Numbers.scale factor counts)
                headGradient

        (surprisals * counts).sum(), gradient

    /// The weighted sums of the predictions, and the gradient of their sum, each times its factor, towards `leaf`.
    let private descendAll weights (leaf: torch.Tensor) predictions =
        let headGradient =
            if weights.Head.requires_grad then
                Some(torch.zeros (weights.Head.shape, dtype = torch.float32, device = weights.Head.device))
            else
                None

        let sums, gradients =
            predictions |> List.map (descendOne weights headGradient) |> List.unzip

        let ends =
            [
                yield! List.zip (predictions |> List.map (fun (_, prediction) -> prediction.Rows)) gradients

                match headGradient with
                | Some gradient -> weights.Head, gradient.to_type weights.Head.dtype
                | None -> ()
            ]

        let gradient =
            torch.autograd.grad (
                ends |> List.map fst |> ResizeArray,
                ResizeArray [ leaf ],
                ends |> List.map snd |> ResizeArray
            )

        sums, gradient[0]

    /// The weighted sums of the surprisals of both streams, and the gradient of the query's times its factor plus the content's
    /// times its own towards `leaf`, which `weights` are made of.
    let descend architecture weights leaf factors batch : StreamLosses * torch.Tensor =
        let query, content = predictions architecture weights batch

        let sums, gradient =
            descendAll
                weights
                leaf
                [
                    factors.Query, query

                    match content with
                    | Some content -> factors.Content, content
                    | None -> ()
                ]

        {
            Query = List.head sums
            Content = List.tryItem 1 sums
        },
        gradient

    /// As `descend`, for a plain causal LLaMA over tokens [batch, position] without padding; `places` are those from which it
    /// predicts the next one.
    let descendCausal architecture weights leaf factor (tokens: torch.Tensor) places =
        let content = TwoStream.causal architecture weights tokens

        let sums, gradient =
            descendAll weights leaf [ factor, causalPrediction architecture weights tokens places content ]

        List.head sums, gradient
