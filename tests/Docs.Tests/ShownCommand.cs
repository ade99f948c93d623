namespace A3.Docs.Tests;

/// <summary>A command line as documents show it: <c>a3</c> with quoted words, perhaps cut by <c>| tail -n 3</c> or <c>| head -n 3</c>.</summary>
internal sealed record ShownCommand(string[] Arguments, string Cut, int CutLines)
{
    public static ShownCommand Parse(string line)
    {
        var words = Words(line.Replace("dotnet run -c Release --project experiments/Cli --", "a3", StringComparison.Ordinal));
        if (words[0] != "a3")
        {
            throw new FormatException($"\"{line}\": expected a command that begins with a3.");
        }

        var pipe = words.IndexOf("|");
        return pipe < 0
            ? new([.. words[1..]], "", 0)
            : new([.. words[1..pipe]], words[pipe + 1], int.Parse(words[pipe + 3], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Runs the program in this process, from the top folder of the repository; gives its output, then its notes.</summary>
    public (int Code, string Printed) Run()
    {
        Environment.CurrentDirectory = Repository.Root;
        var result = CommandLine.Run(Arguments);
        return (result.Code, Shortened(result.Out) + result.Error);
    }

    private string Shortened(string text)
    {
        if (Cut.Length == 0)
        {
            return text;
        }

        var lines = text.TrimEnd('\n').Split('\n');
        return string.Concat((Cut == "head" ? lines.Take(CutLines) : lines.TakeLast(CutLines)).Select(line => line + "\n"));
    }

    /// <summary>Words of a shell, up to a comment: parted by blanks, joined by quotes.</summary>
    public static List<string> Words(string line)
    {
        var (words, word, quote) = (new List<string>(), (string?)null, '\0');
        foreach (var letter in line)
        {
            if (quote == '\0' && letter == '#' && word is null)
            {
                break;
            }

            (words, word, quote) = Next(words, word, quote, letter);
        }

        return word is null ? words : [.. words, word];
    }

    private static (List<string> Words, string? Word, char Quote) Next(List<string> words, string? word, char quote, char letter) => (quote, letter) switch
    {
        ('\0', '"' or '\'') => (words, word ?? "", letter),
        ('\0', ' ') => (word is null ? words : [.. words, word], null, quote),
        _ when letter == quote => (words, word, '\0'),
        _ => (words, word + letter, quote),
    };
}
