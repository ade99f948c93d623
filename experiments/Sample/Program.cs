// Infilling from C#: steps as they arrive, the text growing in order, several decodes at once, a score, and Ctrl-C.
//
//     dotnet run --project experiments/Sample -- [checkpoint directory] [milliseconds to wait after each step]

using A3;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // Not the end of the process, but of the decode.
    stop.Cancel();
};

try
{
    var directory = args.Length > 0 ? args[0] : "experiments/models/tinystories-a3";
    var pause = TimeSpan.FromMilliseconds(args.Length > 1 ? int.Parse(args[1]) : 30);
    using var model = A3Model.Load(directory);
    foreach (var notice in model.Notices)
    {
        Console.Error.WriteLine(notice);
    }

    var options = new DecodingOptions
    {
        Policy = Policy.Parse("margin | constant 2"), // The two surest positions at a time, wherever they are.
        Sampling = new SamplingOptions { Temperature = 0.7, TopP = 0.95 },
        Seed = 33,
    };

    var story = await Stream(model, Template.Parse("Lily saw {6} in the garden. {10} She was very happy."), options, pause);
    Console.WriteLine($"\n{story.Text}\n");

    // Decodes side by side share each pass over the weights; what each gives is what it gives alone.
    DecodingRun[] runs =
    [
        model.Prepare(Template.Parse("Tom had a red ball. {12} He was very happy."), options),
        model.Prepare(Template.Parse("The dog {5} and {5}."), options with { Policy = Policy.Parse("bisect | singletons") }),
    ];
    using var batch = model.Start(runs);

    foreach (var text in batch.Complete(stop.Token))
    {
        Console.WriteLine($"{text.Text}  ({text.ForwardPasses} passes)");
    }

    // A decode is a factorization: scoring its text under its groups gives the log-probability that it reported.
    var score = model.Score(story, stop.Token);
    Console.WriteLine($"\nlog p = {story.LogProbability:F4} when decoded, {score.LogProbability:F4} when scored");
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("cancelled.");
    return 130;
}
catch (A3Exception error)
{
    Console.Error.WriteLine(error.Message); // What was given, the rule and the remedy, in one line.
    return 1;
}

// Shows steps in the order of the model's choice, and beside them as much of the text as is certain from its beginning on.
async Task<DecodedText> Stream(A3Model model, Template template, DecodingOptions options, TimeSpan pause)
{
    var run = model.Prepare(template, options);
    var inOrder = run.StreamText();
    var certain = inOrder.Push(null);
    var steps = new List<DecodingStep>();

    await foreach (var step in run.StepsAsync(stop.Token))
    {
        steps.Add(step);
        certain += inOrder.Push(step);
        var tokens = step.Tokens.Select(token => $"{token.Position} \"{token.Text}\" {token.LogProbability:F2}");
        Console.WriteLine($"{step.Elapsed.TotalMilliseconds,6:F1} ms  {string.Join("   ", tokens),-44}  {certain}");
        await Task.Delay(pause, stop.Token); // So that one can watch it; leave it out.
    }

    return run.Complete(steps);
}
