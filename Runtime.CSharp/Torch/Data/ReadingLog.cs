namespace A3.Torch.Data;

/// <summary>Keeps the rule about broken lines while files are read, counts them, and passes on what is worth a remark, each kind once.</summary>
internal sealed class ReadingLog(BrokenLines rule, IProgress<Preparation>? preparation = null)
{
    private const int Named = 5;

    private readonly HashSet<string> remarked = [];

    /// <summary>Lines left out so far.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Takes note of a broken line.</summary>
    /// <exception cref="TrainingException">Broken lines are fatal.</exception>
    public void Broken(string file, long line, string fault)
    {
        if (rule == BrokenLines.Fail)
        {
            throw new TrainingException($"{Place(file, line)}: {fault} Correct it, or have such lines left out (--broken-lines skip).");
        }

        if (LeftOut++ < Named)
        {
            preparation?.Report(new Preparation($"{Place(file, line)}: {fault} Left out.", null));
        }
    }

    /// <summary>Says something about a line.</summary>
    public void Remark(string file, long line, string remark) =>
        preparation?.Report(new Preparation($"{Place(file, line)}: {remark}", null));

    /// <summary>Says something about a line, unless it was said of another line before.</summary>
    public void RemarkOnce(string file, long line, string remark)
    {
        if (remarked.Add(remark))
        {
            Remark(file, line, remark);
        }
    }

    /// <summary>Says how many lines were left out, if any were.</summary>
    public void Summarise()
    {
        if (LeftOut > 0)
        {
            preparation?.Report(new Preparation($"broken lines left out: {LeftOut}.", null));
        }
    }

    private static string Place(string file, long line) => $"{Shown.Text(file)}, line {line}";
}
