namespace A3;

/// <summary>What becomes of lines that hold no usable text: bad JSON, no such field, not UTF-8, nothing to tokenize.</summary>
public enum BrokenLines
{
    /// <summary>The first one ends the work, named by file and line.</summary>
    Fail,

    /// <summary>They are left out, counted, and the first few named.</summary>
    Skip,
}
