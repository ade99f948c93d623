namespace A3.Tensors

open A3.Kernels.Attention
open TorchSharp

/// Attention over spans of keys on a CPU and its gradient, in float32, by the loops of A3.Kernels.
[<RequireQualifiedAccess>]
module internal SpanAttention =

    /// Attention outputs for queries [1, head, row, width], of that shape, from keys and values [1, KV head, key, width]; 0 for rows with an
    /// empty span. With them what `backward` reads: the log-sum-exp of every row, [1, head, row, 1].
    let forward rows (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) =
        let outputs = TensorMemory.emptyHeads queries

        let logSumExps =
            torch.empty ([| 1L; queries.shape[1]; queries.shape[2]; 1L |], dtype = torch.float32)

        use _ = torch.NewDisposeScope()
        let readable = TensorMemory.readableHeads

        let pass =
            SpanRows.pass rows (readable queries) (readable keys) (readable values) logSumExps

        SpanAttention.Forward(pass, TensorMemory.heads outputs, TorchParallelFor.Current)
        outputs, logSumExps

    /// The gradients towards queries, keys and values, each of its shape, from that towards the outputs of `forward`.
    let backward rows (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) logSumExps gradient =
        let towards = [ queries; keys; values ] |> List.map TensorMemory.emptyHeads
        use _ = torch.NewDisposeScope()
        let readable = TensorMemory.readableHeads
        let gradient = readable gradient

        let pass =
            SpanRows.pass rows (readable queries) (readable keys) (readable values) logSumExps

        let heads index =
            TensorMemory.heads (List.item index towards)

        SpanAttention.Backward(
            pass,
            TensorMemory.heads gradient,
            SpanGradients(heads 0, heads 1, heads 2),
            TorchParallelFor.Current
        )

        towards
