using System.Diagnostics;
using Xunit;

namespace A3.Tests;

using A3.Model;

/// <summary>Many threads use one model, and dispose of things under each other's hands.</summary>
public abstract class SharedModelLaws
{
    private const int Threads = 32;

    private static readonly Architecture Architecture =
        RandomNetwork.With(RandomNetwork.Kinds["grouped queries"], vocabulary: TestModel.Tokenizer.VocabularySize);

    /// <summary>Weights of one architecture in a network of some kind.</summary>
    private protected abstract INetwork Network(Architecture architecture, NumberType type);

    private A3Model Model(NumberType type) => new(Network(Architecture, type), TestModel.Tokenizer, new() { Precision = type });

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

    protected void AssertSameBits(NumberType type)
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

    protected void AssertGone(NumberType type)
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
