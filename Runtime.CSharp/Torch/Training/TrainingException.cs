namespace A3;

/// <summary>
/// A run that cannot begin, go on or be saved: its data, its directory, its initial checkpoint or its state break a rule, or it diverged.
/// </summary>
public sealed class TrainingException : A3Exception
{
    internal TrainingException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
