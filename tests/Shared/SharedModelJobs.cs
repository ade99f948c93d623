using System.Collections.Concurrent;
using System.Globalization;

namespace A3.Tests;

/// <summary>What threads that share a model do with it, each job with a result that depends on its number alone.</summary>
/// <param name="model">Shared by all jobs.</param>
internal sealed class SharedModelJobs(A3Model model)
{
    private static readonly Template Story = Template.Parse("Tom had a {6} ball. He was very {4}.");

    private static readonly DecodingOptions[] Kinds =
    [
        new(),
        new() { Policy = Policy.Parse("bisect | chunks 3") },
        new() { Policy = Policy.Parse("entropy | constant 2"), Sampling = new() { Temperature = 0.7, TopP = 0.9 } },
        new() { SpeculativeWindow = 3 },
        new() { Revision = new() { Share = 0.5 }, Sampling = new() { TopK = 20 } },
    ];

    private readonly ConcurrentQueue<IDisposable> victims = [];

    /// <summary>Jobs of every kind.</summary>
    public IReadOnlyList<Func<string>> All =>
    [
        .. Enumerable.Range(0, 2 * Kinds.Length).SelectMany(number => new Func<string>[]
        {
            () => Fill(number), () => Score(number), () => BreakOff(number), () => BreakOffAsync(number).Result,
            () => Fork(number), () => Batch(number), () => Cancel(number),
        }),
    ];

    private static string Digest(IEnumerable<DecodingStep> steps) => string.Join(
        ' ',
        steps.SelectMany(step => step.Tokens).Select(token =>
            string.Create(CultureInfo.InvariantCulture, $"{token.Position}:{token.Token}:{token.LogProbability:r}")));

    /// <summary>
    /// Decodes while another thread may dispose of it; what it had till then is what it would have had. At the start of each, somebody else's
    /// session or batch is disposed of.
    /// </summary>
    public void BeDisposedOf(int number, string expected)
    {
        if (victims.TryDequeue(out var victim))
        {
            victim.Dispose();
        }

        var session = Prepared(number).Start();
        var batch = number % 2 == 0 ? model.Together(session) : null;
        victims.Enqueue(batch as IDisposable ?? session);
        try
        {
            _ = batch?.Complete() ?? [session.Complete()];
        }
        catch (ObjectDisposedException)
        {
        }

        Xunit.Assert.StartsWith(Digest(session.Steps), expected, StringComparison.Ordinal);
    }

    public string Fill(int number) => Digest(Prepared(number).Complete().Steps);

    private DecodingRun Prepared(int number) => model.Prepare(Story, Kinds[number % Kinds.Length] with { Seed = number });

    private string Score(int number) => string.Join(
        ' ',
        model.Score([$"Tom had {number} balls.", "He was very happy."], Grouping.Parse($"random {number} | chunks 2"))
            .Select(score => score.LogProbability.ToString("r", CultureInfo.InvariantCulture)));

    private string BreakOff(int number) => Digest(Prepared(number).Steps().Take(1 + number % 3).ToArray());

    private async Task<string> BreakOffAsync(int number)
    {
        var steps = new List<DecodingStep>();
        await foreach (var step in Prepared(number).StepsAsync())
        {
            steps.Add(step);
            if (steps.Count == 2)
            {
                break;
            }
        }

        return Digest(steps);
    }

    private string Fork(int number)
    {
        using var origin = Prepared(number).Start();
        origin.Prefill();
        origin.Next();
        using var fork = origin.Fork(number + 100);
        using var other = origin.Fork();
        fork.Next();
        return string.Join(" | ", Digest(origin.Complete().Steps), Digest(fork.Complete().Steps), Digest(other.Complete().Steps));
    }

    private string Batch(int number)
    {
        using var batch = model.Start([.. Enumerable.Range(number, 3).Select(Prepared)]);
        using var added = Prepared(number + 5).Start();
        foreach (var step in batch.Steps())
        {
            if (step.Row == 1)
            {
                batch.Add(added);
                break;
            }
        }

        return string.Join(" | ", batch.Complete().Select(text => Digest(text.Steps)));
    }

    private string Cancel(int number)
    {
        using var session = Prepared(number).Start();
        using var source = new CancellationTokenSource();
        session.Next(source.Token);
        source.Cancel();
        Xunit.Assert.Throws<OperationCanceledException>(() => session.Complete(source.Token));
        return Digest(session.Complete().Steps);
    }
}
