using A3.Kernels.Memory;
using A3.Kernels.Products;
using A3.Kernels.Threads;

namespace A3.Kernels.Attention;

/// <summary>What one worker computes with its workspace: one sequence and head of keys after another.</summary>
internal abstract class SpanWorker(SpanPass pass)
{
    /// <summary>Runs the items of a pass, by workers that are made when they take their first one.</summary>
    public static void Run(SpanPass pass, long workspaceNumbers, Func<Workspace, SpanWorker> make, IParallelFor parallel)
    {
        using var workspaces = new Workspaces(parallel.Workers, workspaceNumbers);
        var workers = new SpanWorker?[parallel.Workers];
        parallel.Run(pass.Items, pass.ItemCost, (worker, start, end) =>
        {
            var own = workers[worker] ??= make(workspaces.Of(worker));
            for (var item = start; item < end; item++)
            {
                own.Run(pass.Sequences[item / pass.KvHeads], item % pass.KvHeads);
            }
        });
    }

    /// <summary>One item: what one sequence attends to by one head of keys.</summary>
    protected abstract void Run(SpanSequence sequence, int kvHead);

    /// <summary>Some rows of one head of queries.</summary>
    protected abstract void RunRows(int head, int first, int count);

    /// <summary>The rows of a sequence, for every head that shares keys, in parts of at most so many.</summary>
    protected void RunParts(SpanSequence sequence, int kvHead, int most)
    {
        for (var head = kvHead * pass.Sharing; head < (kvHead + 1) * pass.Sharing; head++)
        {
            foreach (var rows in sequence.Queries)
            {
                for (var first = rows.Start; first < rows.End; first += most)
                {
                    RunRows(head, first, Math.Min(most, rows.End - first));
                }
            }
        }
    }

    /// <summary>Reads some rows of a head of queries, rotated and scaled, with zeros behind them up to whole tiles.</summary>
    protected unsafe void ReadQueries(int head, int first, int count, float* target)
    {
        for (var row = 0; row < count; row++)
        {
            var place = first + row;
            pass.QueryRotations.Rotate(place, pass.Queries[head, place], target + (nint)row * pass.PaddedWidth, pass.Width, pass.Scale);
        }

        SpanHead.ZeroBehind(pass, TileKernel.Rows, target, count);
    }
}
