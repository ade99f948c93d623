namespace A3.Kernels.Threads;

/// <summary>Work on the items <paramref name="start"/> up to <paramref name="end"/>, by one of the workers.</summary>
internal delegate void RangeWork(int worker, int start, int end);

/// <summary>Loops whose items are shared among threads. Results never depend on which thread took which item.</summary>
internal interface IParallelFor
{
    /// <summary>Threads of a loop at most, its caller's included; each is a worker numbered from 0.</summary>
    int Workers { get; }

    /// <summary>
    /// Calls the work for every item below <paramref name="items"/> once, in any order and in intervals of any length; too little work
    /// stays on the calling thread. The first failure is thrown again after all workers have stopped.
    /// </summary>
    /// <param name="items">How many there are.</param>
    /// <param name="itemCost">Multiply-adds of one item, about.</param>
    /// <param name="work">Is called by several threads at once.</param>
    void Run(int items, long itemCost, RangeWork work);
}
