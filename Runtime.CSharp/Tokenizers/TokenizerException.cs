namespace A3.Runtime;

/// <summary>A tokenizer file, or a text given to its tokenizer, breaks a rule.</summary>
public sealed class TokenizerException : A3Exception
{
    /// <summary>Names the file, the place in it and the rule that it breaks.</summary>
    public TokenizerException(string file, string place, string rule, Exception? cause = null)
        : base(place.Length == 0 ? $"{file}: {rule}" : $"{file}: {place}: {rule}", cause)
    {
        Input = file;
        Place = place;
        Rule = rule;
    }

    /// <summary>The path of the file.</summary>
    public string File => Input;
}
