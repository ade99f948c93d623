using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Texts are taken as they are given, byte for byte, or refused by the place of what is no text.</summary>
public sealed class GivenTextTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;
    private readonly string file;

    public GivenTextTests()
    {
        model = TinyCheckpoint.In(folder);
        file = folder.File("given.txt");
    }

    public void Dispose() => folder.Dispose();

    private CommandLine Run(params string[] arguments) => CommandLine.Run([.. arguments, "--model", model]);

    [Theory]
    [InlineData("a {2} b")]
    [InlineData("a {2} b\n")]
    [InlineData("a {2} b\r\n")]
    [InlineData("a {2} b\n\n")]
    [InlineData("\r\n\ta\r\n {2}b  \t b \r\n \r\n")]
    [InlineData("\0 {2}é 🙂\u2028\u001b[31m\n")]
    [InlineData("\r{2}.\r")]
    public void What_surrounds_a_gap_comes_back_as_it_was(string text)
    {
        File.WriteAllText(file, text);
        var given = Run("infill", "--file", file).Out;
        var parts = text.Split("{2}");

        Assert.StartsWith(parts[0].TrimEnd(' '), given, StringComparison.Ordinal);
        Assert.EndsWith(parts[1], given, StringComparison.Ordinal);
        Assert.StartsWith(Run("infill", "--file", file, "--json").Json()[0].GetProperty("text").GetString()!, given, StringComparison.Ordinal);
    }

    [Fact]
    public void The_line_end_that_closes_a_file_is_no_part_of_its_text_but_closes_the_result()
    {
        string Given(string text, params string[] more)
        {
            File.WriteAllText(file, text);
            return Run(["infill", "--file", file, .. more]).Out;
        }

        string? Json(string text) => JsonDocument.Parse(Given(text, "--json")).RootElement.GetProperty("text").GetString();

        var argument = Run("infill", "a {2} b").Out;

        Assert.Equal(argument, Given("a {2} b\n"));
        Assert.Equal(argument, Given("\ufeffa {2} b\n"));
        Assert.Equal(argument.TrimEnd('\n'), Given("a {2} b"));
        Assert.Equal(argument.Replace("\n", "\r\n", StringComparison.Ordinal), Given("a {2} b\r\n"));
        Assert.Equal(argument.TrimEnd('\n'), Json("a {2} b\r\n"));
        Assert.Equal(Given("a {2} b\n", "--samples", "2"), Given("a {2} b", "--samples", "2"));
        Assert.Equal(Given("a {2} b\n", "--trace"), Given("a {2} b", "--trace"));
    }

    [Fact]
    public void A_terminal_ends_a_text_without_line_end_by_one()
    {
        File.WriteAllText(file, "a {2} b");
        var terminal = CommandLine.Run(Ink.TrueColour, CancellationToken.None, "infill", "--file", file, "--model", model).Out;

        Assert.Contains(" b\n\nfirst step", terminal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'c', (byte)'a', (byte)'f', 0xe9, (byte)' ', (byte)'{', (byte)'1', (byte)'}' }, "offset 3: byte 0xE9 is not UTF-8")]
    [InlineData(new byte[] { 0xff, 0xfe, (byte)'a', 0 }, "offset 0: byte 0xFF is not UTF-8")]
    [InlineData(new byte[] { 0xef, 0xbb, 0xbf, (byte)'a', 0xc3 }, "offset 4: byte 0xC3 is not UTF-8")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', 0xed, 0xa0, 0x80 }, "offset 2: byte 0xED is not UTF-8")]
    public void Every_file_that_holds_text_is_refused_by_the_offset_of_the_first_byte_that_is_none(byte[] bytes, string place)
    {
        File.WriteAllBytes(file, bytes);
        CommandLine[] refused =
        [
            Run("infill", "--file", file), Run("generate", "--file", file), Run("score", "--file", file),
            Run("score", "a ___", "--alternatives-file", file),
        ];

        Assert.All(refused, given => Assert.Equal((2, "", $"a3: {file}, {place}; save the text as UTF-8.\n"), (given.Code, given.Out, given.Error)));
    }

    [Fact]
    public void Standard_input_and_arguments_are_refused_by_the_offset_of_the_first_byte_that_is_none()
    {
        var refused = Shell.Run("""
            printf 'caf\xe9 ___' | a3 infill -
            a3 infill $'caf\xe9 ___'
            a3 score 'a ___' --alternatives b $'\xe9t\xe9' '' ''
            """);

        Assert.Equal(
            """
            a3: standard input, offset 3: byte 0xE9 is not UTF-8; save the text as UTF-8.
            a3: argument 2, offset 3: byte 0xE9 is not UTF-8; save the text as UTF-8.
            a3: argument 5, offset 0: byte 0xE9 is not UTF-8; save the text as UTF-8.

            """,
            refused.Error);
        Assert.Equal((2, ""), (refused.Code, refused.Out));
    }

    [Fact]
    public void The_replacement_character_itself_is_text()
    {
        var given = Shell.Run($"a3 infill $'caf\\ufffd {{1}}' '' --model {model}");

        Assert.Equal(0, given.Code);
        Assert.StartsWith("caf\ufffd", given.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_an_argument_is_refused_by_its_index()
    {
        var refused = CommandLine.Run("infill", "ab\ud83d ___");

        Assert.Equal((2, "a3: argument 2, index 2: U+D83D is half a surrogate pair, which no UTF-8 can hold; give whole characters.\n"), (refused.Code, refused.Error));
    }
}
