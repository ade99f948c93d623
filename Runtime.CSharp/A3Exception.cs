namespace A3.Runtime;

/// <summary>Input that breaks a rule, or work that failed; the message names the input, the place in it, the rule and the remedy in one line.</summary>
public class A3Exception : Exception
{
    /// <summary>With a one-line message.</summary>
    public A3Exception(string message)
        : base(message)
    {
    }

    /// <summary>With a one-line message and what caused it.</summary>
    public A3Exception(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
