namespace A3.Tensors

open A3.Model
open TorchSharp

/// The training objective: losses of both streams, and the loss and gradient of a step.
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

    let private queries factor rows (batch: Batch) =
        {
            Rows = rows
            Labels = batch.Tokens.flatten () |> at batch.Targets |> Labels.Tokens
            Weights = batch.TargetWeights
            Factor = factor
        }

    let private rowsOf architecture weights (hidden: torch.Tensor) rows =
        hidden.flatten (0, 1) |> at rows |> TwoStream.normalised architecture weights

    let private head weights = weights.Head.to_type weights.Computes

    let private everything (batch: Batch) =
        let batches, length = batch.Tokens.shape[0], batch.Tokens.shape[1]
        StreamRows.all batches length batch.Rows.Targets batch.Rows.CausalTargets batch.Tokens.device

    /// What a teacher predicts at places, after it has read the whole batch once.
    let private fromTeacher architecture teacher (batch: Batch) =
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
    let private shared share labels (batch: Batch) prediction =
        let counts =
            prediction.Weights
            |> Option.defaultWith (fun () ->
                torch.ones (batch.Targets.shape, dtype = torch.float32, device = batch.Targets.device))

        let fromTeacher =
            (CompiledMask.seesAllBefore batch.Layouts).flatten()
            |> at batch.Targets
            |> _.to_type(torch.float32)
            |> Numbers.scale share

        [
            { prediction with
                Weights = Some(counts * (fromTeacher.neg () |> Numbers.addNumber 1.0))
            }
            { prediction with
                Labels = labels
                Weights = Some(counts * fromTeacher)
            }
        ]

    /// The pass of a batch, and its predictions, the query stream's first: content rows lie before query rows where both are needed.
    /// A stream whose loss does not count is not run. The content stream learns from a teacher where there is one, else from the tokens.
    let private plan (architecture: Architecture) weights teacher (factors: LossFactors) (batch: Batch) =
        if architecture.QueryStream = QueryStream.Absent then
            invalidArg "architecture" "the objective needs a query stream; this architecture has none."

        let stack wanted =
            TwoStream.stack wanted architecture weights batch.Layouts batch.Tokens batch.Rows

        let fromTeacher =
            teacher
            |> Option.map (fun teacher -> teacher.QueryShare, lazy (fromTeacher architecture teacher.Weights batch))

        let causal places =
            let fromTokens = causal factors.Content batch.Tokens places batch.Rows.CausalTargets

            match fromTeacher with
            | None -> fromTokens
            | Some(_, labels) ->
                { fromTokens with
                    Labels = labels.Value places
                }

        let queries rows =
            let fromTokens = queries factors.Query rows batch

            match fromTeacher with
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
    let nlls architecture weights (batch: Batch) : StreamLosses =
        // Attention over spans has a backward pass of its own, which libtorch does not know.
        let masked: Batch =
            { batch with
                Batch.Rows = StreamRows.masked batch.Rows
            }

        let stack, predictions =
            if torch.is_grad_enabled () then masked else batch
            |> plan architecture weights None { Query = 1.0; Content = 1.0 }

        let hidden = TwoStream.hidden stack
        let head = head weights

        let nlls =
            predictions
            |> List.map (fun prediction ->
                CrossEntropy.nlls (rowsOf architecture weights hidden prediction.Rows) head prediction.Labels)

        {
            Query = List.head nlls
            Content = List.tryItem 1 nlls
        }

    /// The weighted mean NLL over the targets of the batch (query stream), and the mean over its causal targets
    /// (content stream). Under a weighting by 1/t the weights of a sequence sum to its open positions, so that this is its
    /// estimate of -log p per token. Differentiable; `valueAndGrad` is the same, faster.
    let losses architecture weights (batch: Batch) : StreamLosses =
        let nlls = nlls architecture weights batch

        let weighted =
            batch.TargetWeights
            |> Option.map (fun weights -> nlls.Query * weights)
            |> Option.defaultValue nlls.Query

        {
            Query = weighted.sum () |> Numbers.scale (1.0 / batch.TotalWeight)
            Content = nlls.Content |> Option.map _.mean()
        }

    /// The weighted sum of a prediction's NLLs times its factor, and the gradient of this towards its rows; that towards the
    /// head is added to `headGradient`.
    let private valueAndGradOfOne head headGradient (prediction, rows: torch.Tensor) =
        let counts =
            prediction.Weights
            |> Option.defaultWith (fun () -> torch.ones (rows.shape[0], device = rows.device))

        let counts = Numbers.scale prediction.Factor counts

        let nlls, gradient =
            CrossEntropy.valueAndGrad rows head prediction.Labels counts headGradient

        (nlls * counts).sum(), (rows, gradient)

    /// The weighted sum of the predictions' NLLs, each times its factor, and its gradient towards `leaf`.
    let private valueAndGradOfStack recompute architecture weights (leaf: torch.Tensor) (stack, predictions) =
        let hidden, backpropagate = Backpropagation.run recompute stack
        let head = head weights

        let headGradient =
            if head.requires_grad then
                Some(torch.zeros (head.shape, dtype = torch.float32, device = head.device))
            else
                None

        let sums, rowGradients =
            predictions
            |> List.map (fun prediction ->
                valueAndGradOfOne head headGradient (prediction, rowsOf architecture weights hidden prediction.Rows))
            |> List.unzip

        let gradients =
            [
                for tensor, gradient in rowGradients |> Backpropagation.towards [ hidden; weights.FinalNorm ] do
                    if obj.ReferenceEquals(tensor, hidden) then
                        yield! backpropagate gradient
                    else
                        tensor, gradient

                match headGradient with
                | Some gradient -> head, gradient.to_type head.dtype
                | None -> ()
            ]

        match Backpropagation.towards [ leaf ] gradients with
        | [ _, gradient ] -> List.reduce Numbers.add sums, gradient
        | _ -> invalidArg (nameof leaf) "the weights must be made of the leaf."

    /// The query stream's weighted sum of NLLs times its factor plus the content stream's times its own, scalar, and its gradient
    /// towards `leaf`, which `weights` are made of. With `recompute`, what a block computed in the forward pass is computed once
    /// more in the backward pass in place of being saved. With a teacher, losses are cross-entropies with what it predicts, where it says so.
    let valueAndGrad recompute architecture weights teacher leaf factors (batch: Batch) : torch.Tensor * torch.Tensor =
        plan architecture weights teacher factors batch
        |> valueAndGradOfStack recompute architecture weights leaf

    /// As `valueAndGrad`, for a plain causal LLaMA over tokens [batch, position] without padding; `places` are those from which it
    /// predicts the next one.
    let valueAndGradCausal architecture weights leaf factor (tokens: torch.Tensor) places =
        let stack = TwoStream.causalStack architecture weights tokens

        (stack, [ causal factor tokens places places ])
        |> valueAndGradOfStack false architecture weights leaf
