using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace A3.Cli.Tests;

/// <summary>What a terminal of a width shows of a text with control codes: letters, and the colour of each.</summary>
internal sealed partial class TerminalScreen(int width)
{
    private readonly List<string?[]> letters = [new string?[width]];
    private readonly List<string?[]> colours = [new string?[width]];
    private int row;
    private int column;
    private string? colour;

    /// <summary>Its lines without the spaces at their ends; the last ones that are empty are left out.</summary>
    public string[] Lines
    {
        get
        {
            string[] lines = [.. letters.Select(line => string.Concat(line.Select(letter => letter ?? " ")).TrimEnd())];
            return lines[..(Array.FindLastIndex(lines, line => line.Length > 0) + 1)];
        }
    }

    /// <summary>What is drawn one after the other in one line, and behind it; what is drawn twice counts once.</summary>
    public static string[] Frames(string output)
    {
        var frames = output.Replace("\u001b[?25l", "", StringComparison.Ordinal).Split('\r');
        return [.. frames.Where((frame, index) => index == 0 || frame != frames[index - 1])];
    }

    /// <summary>What a terminal shows in the end.</summary>
    public static TerminalScreen Of(string output, int width)
    {
        var screen = new TerminalScreen(width);
        screen.Write(output);
        return screen;
    }

    /// <summary>The colour of the first letter of a text: numbers of an SGR code; null for the terminal's own.</summary>
    public string? ColourOf(string text)
    {
        var line = Array.FindIndex(Lines, line => line.Contains(text, StringComparison.Ordinal));
        return colours[line][Lines[line].IndexOf(text, StringComparison.Ordinal)];
    }

    public void Write(string output)
    {
        foreach (Match match in Piece().Matches(output))
        {
            if (match.Groups["code"].Success)
            {
                Control(match.Groups["code"].Value[0], match.Groups["numbers"].Value);
            }
            else
            {
                Put(match.Value);
            }
        }
    }

    private void Control(char code, string numbers)
    {
        var number = int.TryParse(numbers, CultureInfo.InvariantCulture, out var given) ? given : 0;
        switch (code)
        {
            case 'm':
                colour = numbers is "" or "0" ? null : numbers;
                break;
            case 'A':
                row = Math.Max(0, row - Math.Max(1, number));
                break;
            case 'K':
                Erase(row, number == 2 ? 0 : column);
                break;
            case 'J':
                Erase(row, column);
                Enumerable.Range(row + 1, letters.Count - row - 1).ToList().ForEach(line => Erase(line, 0));
                break;
        }
    }

    private void Erase(int line, int from) => Array.Clear(letters[line], from, width - from);

    private void Put(string letter)
    {
        var cells = letter[0] is '\n' or '\r' ? 0 : IsWide(letter) ? 2 : 1;
        if (letter == "\r")
        {
            column = 0;
        }
        else if (letter == "\n" || column + cells > width)
        {
            NextLine();
        }

        if (cells > 0)
        {
            (letters[row][column], colours[row][column]) = (letter, colour);
            if (cells == 2)
            {
                letters[row][column + 1] = "";
            }

            column += cells;
        }
    }

    private void NextLine()
    {
        (row, column) = (row + 1, 0);
        if (row == letters.Count)
        {
            letters.Add(new string?[width]);
            colours.Add(new string?[width]);
        }
    }

    private static bool IsWide(string letter) =>
        Rune.GetRuneAt(letter, 0).Value is (>= 0x2e80 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff) or (>= 0xff00 and <= 0xff60) or (>= 0x1f300 and <= 0x1faff);

    [GeneratedRegex(@"\u001b\[(?<numbers>[?\d;]*)(?<code>[A-Za-z])|[\ud800-\udbff][\udc00-\udfff]|[\s\S]")]
    private static partial Regex Piece();
}
