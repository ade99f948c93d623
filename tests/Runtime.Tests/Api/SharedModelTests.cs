using System.Diagnostics;
using TorchSharp;
using Xunit;

namespace A3.Runtime.Tests.Api;

using A3.Model;

/// <summary>Many threads use one model, and dispose of things under each other's hands.</summary>
public sealed class SharedModelTests
{
    private const int Threads = 32;

    private static readonly Architecture Architecture =
        RandomNetwork.With(RandomNetwork.Kinds["grouped queries"], vocabulary: TestModel.Tokenizer.VocabularySize);

    private static A3Model Model(NumberType type) => new(
        type == NumberType.Float32
            ? RandomNetwork.Create(Architecture, threads: 2)
            : RandomNetwork.OnTorch(Architecture, type: torch.ScalarType.BFloat16),
        TestModel.Tokenizer,
        new() { Precision = type });

    /// <summary>Runs work on threads of its own until the time is up, each thread at least once; gives what some of them threw.</summary>
    private static List<Exception> OnThreads(TimeSpan time, Action<int, int> work)
    {
        var (failures, clock) = (new List<Exception>(), Stopwatch.StartNew());
        var threads = Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            try
            {
                for (var round = 0; round == 0 || clock.Elapsed < time; round++)
                {
                    work(thread, round);
                }
            }
            catch (Exception error)
            {
                lock (failures)
                {
                    failures.Add(error);
                }
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return failures;
    }

    [Theory]
    [InlineData(NumberType.Float32)]
    [InlineData(NumberType.BFloat16)]
    public void What_32_threads_fill_score_stream_fork_batch_cancel_and_dispose_of_is_bit_for_bit_what_one_gets_alone(NumberType type)
    {
        using var model = Model(type);
        var jobs = new SharedModelJobs(model);
        var all = jobs.All;
        var alone = all.Select(job => job()).ToArray();
        var filled = Enumerable.Range(0, 10).Select(jobs.Fill).ToArray();

        var failures = OnThreads(TimeSpan.FromSeconds(1), (thread, round) =>
        {
            var number = (7 * thread + round) % all.Count;
            Assert.Equal(alone[number], all[number]());
            jobs.BeDisposedOf(number % filled.Length, filled[number % filled.Length]);
        });

        Assert.Empty(failures);
    }

    [Theory]
    [InlineData(NumberType.Float32)]
    [InlineData(NumberType.BFloat16)]
    public void A_model_that_is_disposed_of_while_32_threads_use_it_gives_right_results_and_then_says_that_it_is_gone(NumberType type)
    {
        using var other = Model(type);
        var jobs = new SharedModelJobs(other);
        var filled = Enumerable.Range(0, 10).Select(jobs.Fill).ToArray();

        for (var repeat = 0; repeat < 3; repeat++)
        {
            var model = Model(type);
            var (own, done) = (new SharedModelJobs(model), 0);
            var failures = OnThreads(TimeSpan.FromMinutes(1), (thread, round) =>
            {
                var number = (thread + round) % filled.Length;
                Assert.Equal(filled[number], own.Fill(number));
                if (Interlocked.Increment(ref done) == 2 * Threads)
                {
                    model.Dispose();
                }
            });

            Assert.Equal(Threads, failures.Count);
            Assert.All(failures, failure => Assert.IsType<ObjectDisposedException>(failure));
        }

        Assert.Equal(filled[0], jobs.Fill(0));
    }
}
