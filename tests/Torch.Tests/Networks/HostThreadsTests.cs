using Xunit;

namespace A3.Torch.Tests;

/// <summary>The threads that libtorch has for the process stay as many as its host has set.</summary>
public sealed class HostThreadsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_number_of_threads_of_a_model_is_that_of_its_own_operations(int threads)
    {
        Native.ensure();
        using var network = RandomTorchNetwork.Create(RandomNetwork.Kinds["plain"], threads: threads);
        var (before, others) = (TorchThreads.count(), OnAnotherThread(TorchThreads.count));

        using (network.LimitThreads())
        {
            Assert.Equal(threads, TorchThreads.count());
            Assert.Equal(others, OnAnotherThread(TorchThreads.count));
            using (TorchThreads.limit(2))
            {
                Assert.Equal(2, TorchThreads.count());
            }

            Assert.Equal(threads, TorchThreads.count());
        }

        Assert.Equal(before, TorchThreads.count());
    }

    [Fact]
    public void A_run_with_parallel_micro_batches_and_a_model_with_threads_leave_those_of_the_process_alone()
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { GradientAccumulationSteps = 2, ParallelMicroBatches = 2, Tokens = 1000 };
        var (own, others) = (TorchThreads.count(), OnAnotherThread(TorchThreads.count));

        ToyRun.Train(options);
        foreach (var precision in Enum.GetValues<NumberType>())
        {
            using var model = A3Model.Load(options.Output, new() { Device = Device.Cpu, Precision = precision, Threads = 7 });
            using var run = model.Prepare(Template.Parse("Tom had {3}")).Start();
            run.Next();
            Assert.Equal((own, others), (TorchThreads.count(), OnAnotherThread(TorchThreads.count)));
        }
    }

    private static int OnAnotherThread(Func<int> count)
    {
        var result = 0;
        var thread = new Thread(() => result = count());
        thread.Start();
        thread.Join();
        return result;
    }
}
