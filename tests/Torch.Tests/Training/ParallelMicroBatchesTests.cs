using TorchSharp;
using Xunit;

namespace A3.Torch.Tests.Training;

public sealed class ParallelMicroBatchesTests
{
    public ParallelMicroBatchesTests() => Tensors.Native.ensure();

    [Fact]
    public void PassesRunSideBySideAndGiveTheirResultsInOrder()
    {
        var microBatches = new ParallelMicroBatches(2);
        using var meeting = new Barrier(2);
        var results = microBatches.Run(4, pass =>
        {
            Assert.True(meeting.SignalAndWait(TimeSpan.FromMinutes(1)), "nobody ran beside this pass");
            return pass;
        });

        Assert.Equal([0, 1, 2, 3], results);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void WhatAPassFailsOfIsThrownWhenTheOthersAreOver(int broken)
    {
        var microBatches = new ParallelMicroBatches(2);
        var over = 0;
        var error = Assert.ThrowsAny<A3Exception>(() => microBatches.Run(2, pass =>
        {
            if (pass == broken)
            {
                throw new A3Exception("broken");
            }

            Thread.Sleep(50);
            return over = 1;
        }));

        Assert.Equal("broken", error.Message);
        Assert.Equal(1, over);
    }

    [Fact]
    public void LanesChangeNoBitOfARun()
    {
        using var folder = new Folder();
        var alone = ToyRun.Options(folder, "alone") with { GradientAccumulationSteps = 3, BatchTokens = 96 };
        var sideBySide = alone with { Output = folder.File("side"), ParallelMicroBatches = 2 };
        ToyRun.Train(alone);
        ToyRun.Train(sideBySide);

        ToyRun.AssertSameRun(alone.Output, sideBySide.Output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void NoMoreMicroBatchesRunAtATimeThanAStepHas(int count)
    {
        using var folder = new Folder();
        var options = ToyRun.Options(folder) with { GradientAccumulationSteps = 2, ParallelMicroBatches = count };
        var error = Assert.Throws<ArgumentException>(() => ToyRun.Train(options));

        Assert.StartsWith($"ParallelMicroBatches = {count}: must be in 1..2", error.Message);
    }

    [Fact]
    public void AfterThemTheThreadHasItsThreadsAgain()
    {
        using var two = Tensors.TorchThreads.limit(2);
        Assert.All(new ParallelMicroBatches(2).Run(4, _ => torch.get_num_threads()), threads => Assert.Equal(1, threads));
        Assert.Equal(2, torch.get_num_threads());
    }
}
