namespace A3.Fuzz.Tests.Formats;

/// <summary>Sequences of calls on sessions and batches of one model, a byte each. Misuse is answered by exceptions of misuse.</summary>
internal static class CallSequences
{
    private static readonly Lazy<A3Model> Model = new(() => A3Model.Load(Seeds.Model));

    public static Format Format { get; } =
        new("calls", IsText: false, new(() => [[0, 16, 1, 2, 3, 4, 5, 6, 7], [0, 17, 5, 22, 6, 7, 3]]), Run)
        {
            Answers = error => error is A3Exception or ArgumentException or InvalidOperationException,
        };

    private static void Run(byte[] calls)
    {
        var run = Model.Value.Prepare(Template.Parse("Tom [2] ball."));
        List<DecodingSession> sessions = [run.Start()];
        using var batch = Model.Value.Together();
        try
        {
            foreach (var call in calls.Take(24))
            {
                Call(call & 7, sessions[(call >> 3) % sessions.Count], call >> 3, sessions, batch);
            }
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }
    }

    /// <summary>An answer of misuse leaves everything as it was, so that the sequence goes on.</summary>
    private static void Call(int call, DecodingSession session, int number, List<DecodingSession> sessions, DecodingBatch batch)
    {
        try
        {
            switch (call)
            {
                case 0: session.Next(); break;
                case 1: session.Prefill(); break;
                case 2: sessions.Add(session.Fork(number)); break;
                case 3: session.Complete(); break;
                case 4: session.Dispose(); break;
                case 5: batch.Add(session); break;
                case 6: batch.Take(number - 1); break;
                default: batch.Complete(); break;
            }
        }
        catch (Exception error) when (Format.Answers(error))
        {
        }
    }
}
