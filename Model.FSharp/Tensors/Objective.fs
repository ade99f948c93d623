namespace A3.Tensors

open A3.Model
open TorchSharp

/// One training batch: tokens, int64 [batch, position], and their layouts; the places that the query stream predicts, int64
/// [target] (never evidence, never padding); how much each of them counts, float32 [target] (once where none), and all together;
/// and, where the content stream's causal loss is wanted, the places from which it predicts the next one, int64 [causal target]
/// (those of the causal prefix of each sequence's partition). Places count positions row by row, batch * length + position;
/// they are places rather than masks so that the device is never asked how many there are. `Rows` are those that a pass computes.
type Batch =
    {
        Tokens: torch.Tensor
        Layouts: LayoutTensors
        Rows: StreamRows
        Targets: torch.Tensor
        TargetWeights: torch.Tensor option
        TotalWeight: float
        CausalTargets: torch.Tensor option
    }

/// What the streams say of a batch in nats, tensors owned by the caller: in `losses` means per token, scalar; in `surprisals` one
/// number per target, [target], in the order of the places.
type StreamLosses =
    {
        Query: torch.Tensor
        Content: torch.Tensor option
    }

/// What the sums of the streams' surprisals are multiplied by to be added up to the loss of a step.
type LossFactors = { Query: float; Content: float }

/// A network of the same architecture to learn from, which reads left to right by its content stream (Li and Hoiem, Learning without
/// Forgetting, 2016): the content stream learns what it predicts in place of the tokens, and so do, for a share of their loss, the
/// queries that see every token before them, whatever else they see.
type Teacher =
    {
        Weights: Weights
        /// In 0..1.
        QueryShare: float
    }

[<RequireQualifiedAccess>]
module Objective =

    /// Rows of one stream that meet a loss: which they are of the hidden rows, what they predict, how much each counts.
    type private Prediction =
        {
            Rows: torch.Tensor
            Labels: Labels
            Weights: torch.Tensor option
            Factor: float
        }

    let private at places (values: torch.Tensor) = values.index_select (0, places)

    let private causal factor (tokens: torch.Tensor) places rows =
        {
            Rows = rows
            Labels =
                tokens.flatten().narrow(0, 1, tokens.NumberOfElements - 1L)
                |> at places
                |> Labels.Tokens
            Weights = None
            Factor = factor
        }

    let private queries factor rows batch =
        {
            Rows = rows
            Labels = batch.Tokens.flatten () |> at batch.Targets |> Labels.Tokens
            Weights = batch.TargetWeights
            Factor = factor
        }

    let private rowsOf architecture weights (hidden: torch.Tensor) rows =
        hidden.flatten (0, 1) |> at rows |> TwoStream.normed architecture weights

    let private head weights = weights.Head.to_type weights.Computes

    let private everything batch =
        let batches, length = batch.Tokens.shape[0], batch.Tokens.shape[1]
        StreamRows.all batches length batch.Rows.Targets batch.Rows.CausalTargets batch.Tokens.device

    /// What a teacher predicts at places, after it has read the whole batch once.
    let private taught architecture teacher batch =
        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()

        let leftToRight =
            { batch.Layouts with
                Group = (Numbers.range batch.Tokens.shape[1] batch.Tokens.device).expand_as batch.Tokens
            }

        let hidden =
            TwoStream.stack Wanted.Content architecture teacher leftToRight batch.Tokens (everything batch)
            |> TwoStream.hidden
            |> scope.MoveToOuter

        fun places ->
            use _ = torch.no_grad ()
            Labels.Distributions(rowsOf architecture teacher hidden places, head teacher)

    /// Where queries see every token before them, a share of their loss is that of other labels.
    let private shared share labels batch prediction =
        let counts =
            prediction.Weights
            |> Option.defaultWith (fun () ->
                torch.ones (batch.Targets.shape, dtype = torch.float32, device = batch.Targets.device))

        let taught =
            (CompiledMask.seesAllBefore batch.Layouts).flatten()
            |> at batch.Targets
            |> _.to_type(torch.float32)
            |> Numbers.scale share

        [
            { prediction with
                Weights = Some(counts * (taught.neg () |> Numbers.addNumber 1.0))
            }
            { prediction with
                Labels = labels
                Weights = Some(counts * taught)
            }
        ]

    /// The pass of a batch, and its predictions, the query stream's first: content rows lie before query rows where both are needed.
    /// A stream whose loss does not count is not run. The content stream learns from a teacher where there is one, else from the tokens.
    let private plan (architecture: Architecture) weights teacher factors batch =
        if architecture.QueryStream = QueryStream.Absent then
            invalidArg "architecture" "the objective needs a query stream; this architecture has none."

        let stack wanted =
            TwoStream.stack wanted architecture weights batch.Layouts batch.Tokens batch.Rows

        let taught =
            teacher
            |> Option.map (fun teacher -> teacher.QueryShare, lazy (taught architecture teacher.Weights batch))

        let causal places =
            let fromTokens = causal factors.Content batch.Tokens places batch.Rows.CausalTargets

            match taught with
            | None -> fromTokens
            | Some(_, labels) ->
                { fromTokens with
                    Labels = labels.Value places
                }

        let queries rows =
            let fromTokens = queries factors.Query rows batch

            match taught with
            | Some(share, labels) when share > 0.0 ->
                fromTokens
                |> shared share (labels.Value(batch.Targets |> Numbers.addInteger -1L)) batch
            | Some _
            | None -> [ fromTokens ]

        match batch.CausalTargets with
        | None -> stack Wanted.Query, queries batch.Rows.Targets
        | Some places when factors.Query = 0.0 -> stack Wanted.Content, [ causal places ]
        | Some places ->
            let behind = batch.Rows.Targets |> Numbers.addInteger batch.Rows.Content.shape[0]
            stack Wanted.Both, queries behind @ [ causal places ]

    /// -log p(x_i | x_G<k) of every target by the query stream, and -log p(x_i | x_<i) of every causal target by the content
    /// stream; one forward pass for both.
    let surprisals architecture weights batch : StreamLosses =
        // Attention over spans has a way back of its own, which libtorch does not know.
        let masked: Batch =
            { batch with
                Batch.Rows = StreamRows.masked batch.Rows
            }

        let stack, predictions =
            if torch.is_grad_enabled () then masked else batch
            |> plan architecture weights None { Query = 1.0; Content = 1.0 }

        let hidden = TwoStream.hidden stack
        let head = head weights

        let surprisals =
            predictions
            |> List.map (fun prediction ->
                CrossEntropy.surprisals (rowsOf architecture weights hidden prediction.Rows) head prediction.Labels)

        {
            Query = List.head surprisals
            Content = List.tryItem 1 surprisals
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

    /// The weighted sum of a prediction's surprisals times its factor, and the gradient of this towards its rows; that towards the
    /// head is added to `headGradient`.
    let private descendOne head headGradient (prediction, rows: torch.Tensor) =
        let counts =
            prediction.Weights
            |> Option.defaultWith (fun () -> torch.ones (rows.shape[0], device = rows.device))

        let counts = Numbers.scale prediction.Factor counts

        let surprisals, gradient =
            CrossEntropy.descend rows head prediction.Labels counts headGradient

        (surprisals * counts).sum(), (rows, gradient)

    /// The weighted sum of the predictions' surprisals, each times its factor, and its gradient towards `leaf`.
    let private descendStack recompute architecture weights (leaf: torch.Tensor) (stack, predictions) =
        let hidden, carryBack = Descent.run recompute stack
        let head = head weights

        let headGradient =
            if head.requires_grad then
                Some(torch.zeros (head.shape, dtype = torch.float32, device = head.device))
            else
                None

        let sums, rowGradients =
            predictions
            |> List.map (fun prediction ->
                descendOne head headGradient (prediction, rowsOf architecture weights hidden prediction.Rows))
            |> List.unzip

        let gradients =
            [
                for tensor, gradient in rowGradients |> Descent.towards [ hidden; weights.FinalNorm ] do
                    if obj.ReferenceEquals(tensor, hidden) then
                        yield! carryBack gradient
                    else
                        tensor, gradient

                match headGradient with
                | Some gradient -> head, gradient.to_type head.dtype
                | None -> ()
            ]

        match Descent.towards [ leaf ] gradients with
        | [ _, gradient ] -> List.reduce Numbers.add sums, gradient
        | _ -> invalidArg (nameof leaf) "the weights must be made of the leaf."

    /// The query stream's weighted sum of surprisals times its factor plus the content stream's times its own, scalar, and its gradient
    /// towards `leaf`, which `weights` are made of. With `recompute`, what a block computed on the way forward is computed once
    /// more on the way back in place of being kept. With a teacher, losses are cross-entropies with what it predicts, where it says so.
    let descend recompute architecture weights teacher leaf factors batch : torch.Tensor * torch.Tensor =
        plan architecture weights teacher factors batch
        |> descendStack recompute architecture weights leaf

    /// As `descend`, for a plain causal LLaMA over tokens [batch, position] without padding; `places` are those from which it
    /// predicts the next one.
    let descendCausal architecture weights leaf factor (tokens: torch.Tensor) places =
        let stack = TwoStream.causalStack architecture weights tokens

        (stack, [ causal factor tokens places places ])
        |> descendStack false architecture weights leaf
