namespace A3.Runtime;

/// <summary>What becomes of lines that hold no usable text: bad JSON, no such field, not UTF-8, nothing to tokenize.</summary>
public enum BrokenLines
{
    /// <summary>The first one ends the work, named by file and line.</summary>
    Fail,

    /// <summary>They are left out, counted, and the first few named.</summary>
    Skip,
}

/// <summary>Keeps the rule about broken lines while files are read, and counts them.</summary>
internal sealed class BrokenLineLog(BrokenLines rule, IProgress<Preparation>? preparation = null)
{
    private const int Named = 5;

    /// <summary>Lines left out so far.</summary>
    public long Count { get; private set; }

    /// <summary>Takes note of a line.</summary>
    /// <exception cref="A3Exception">Broken lines are fatal.</exception>
    public void Add(string file, long line, string fault)
    {
        if (rule == BrokenLines.Fail)
        {
            throw new A3Exception($"{file}, line {line}: {fault} Correct it, or have such lines left out (--broken-lines skip).");
        }

        if (Count++ < Named)
        {
            preparation?.Report(new Preparation($"{file}, line {line}: {fault} Left out.", null));
        }
    }

    /// <summary>Says how many lines were left out, if any were.</summary>
    public void Summarise()
    {
        if (Count > 0)
        {
            preparation?.Report(new Preparation($"broken lines left out: {Count}.", null));
        }
    }
}
