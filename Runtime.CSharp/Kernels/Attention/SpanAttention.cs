using A3.Kernels.Threads;

namespace A3.Kernels.Attention;

/// <summary>
/// Attention over spans of keys and its gradient, in float32: tiles of scores within no span are left out, there is no mask, nothing as
/// large as the scores is kept, and heads are rotated where they are read. After FlashAttention (Dao et al. 2022, arXiv 2205.14135).
/// </summary>
/// <remarks>Law 12: every number is a sum in an order of its own, whatever the number of threads.</remarks>
internal static class SpanAttention
{
    /// <summary>
    /// Attention outputs [head, query row, width], 0 for rows with an empty span, and the log-sum-exp of every row, which
    /// <see cref="Backward"/> reads.
    /// </summary>
    public static void Forward(SpanPass pass, Heads outputs, IParallelFor parallel) =>
        SpanWorker.Run(
            pass, SpanForward.WorkspaceNumbers(pass), workspace => new SpanForward(pass, outputs, workspace), parallel);

    /// <summary>The gradients towards queries, keys and values, from that towards the outputs.</summary>
    /// <param name="pass">As it was run forward.</param>
    /// <param name="gradient">[head, query row, width], of the outputs.</param>
    /// <param name="to">Where the gradients are written, in the shapes of what they are towards.</param>
    /// <param name="parallel">Shares the work.</param>
    public static void Backward(SpanPass pass, Heads gradient, SpanGradients to, IParallelFor parallel) =>
        SpanWorker.Run(
            pass, SpanBackward.WorkspaceNumbers(pass), workspace => new SpanBackward(pass, gradient, to, workspace), parallel);
}

/// <summary>Gradients towards what attention reads.</summary>
internal sealed record SpanGradients(Heads Queries, Heads Keys, Heads Values);
