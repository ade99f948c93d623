using A3.Fuzz.Tests.Mutators;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>
/// Sequences of calls on sessions and batches of one model, a byte each: three bits say what is called, five on which session. Misuse is
/// answered by exceptions of misuse and leaves everything as it was, so that the sequence goes on; the first is reported at its end.
/// </summary>
internal static class CallSequences
{
    private static readonly Lazy<A3Model> Model = new(() => TestModel.Fake());

    public static Format Format { get; } = new("calls", Valid(), BytesMutator.Mutate, Run)
    {
        Answers = error => error is A3Exception or ArgumentException or InvalidOperationException,
    };

    /// <summary>Steps of the first session, forks of it, and the batch of all to its end.</summary>
    private static Gen<byte[]> Valid() =>
        from steps in Gen.Choose(0, 1)
        from forks in Gen.Choose(0, 3)
        from ends in Gen.Elements(new byte[] { 3 }, [0, 0], [5, 7])
        select (byte[])[.. Enumerable.Repeat((byte)0, steps), .. Enumerable.Repeat((byte)2, forks), .. ends];

    private static void Run(byte[] calls)
    {
        List<DecodingSession> sessions = [Model.Value.Prepare(Template.Parse("Tom {2} ball.")).Start()];
        using var batch = Model.Value.Together();
        Exception? misuse = null;
        try
        {
            foreach (var call in calls.Take(24))
            {
                misuse ??= Call(call & 7, sessions[(call >> 3) % sessions.Count], call >> 3, sessions, batch);
            }
        }
        finally
        {
            sessions.ForEach(session => session.Dispose());
        }

        if (misuse is not null)
        {
            throw misuse;
        }
    }

    private static Exception? Call(int call, DecodingSession session, int number, List<DecodingSession> sessions, DecodingBatch batch)
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

            return null;
        }
        catch (Exception error) when (Format.Answers(error))
        {
            return error;
        }
    }
}
