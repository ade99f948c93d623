namespace A3;

/// <summary>A tokenizer file, or a text given to its tokenizer, breaks a rule.</summary>
public sealed class TokenizerException : A3Exception
{
    /// <summary>Names the file, the place in it and the rule that it breaks.</summary>
    public TokenizerException(string file, string place, string rule, Exception? cause = null)
        : base($"{Shown.Text(file, 400)}: {(place.Length == 0 ? "" : $"{Shown.Text(place)}: ")}{Shown.Text(rule, 400)}", cause)
    {
        Input = file;
        Place = place;
        Rule = rule;
    }

    /// <summary>The path of the file.</summary>
    public string File => Input;
}
