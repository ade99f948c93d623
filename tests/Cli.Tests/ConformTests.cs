using Xunit;

namespace A3.Cli.Tests;

public sealed class ConformTests
{
    [Theory]
    [InlineData("causal-llama", 2)]
    [InlineData("two-stream-pre-norm", 56)]
    [InlineData("two-stream-reference", 56)]
    public void Every_network_gives_the_reference_numbers(string fixture, int cases)
    {
        var run = CommandLine.Run("conform", Fixtures.Repository(fixture), "--json");

        Assert.True(run.Code == 0, run.Error + string.Join('\n', run.Out.Split('\n').Where(line => !line.Contains("\"passed\":true"))));
        Assert.Equal(cases, run.Json().Length);
        Assert.All(run.Json(), item => Assert.True(item.GetProperty("passed").GetBoolean(), item.GetRawText()));
    }

    [Fact]
    public void Tokenizers_and_continuations_are_those_of_llama2_c()
    {
        var run = CommandLine.Run("conform", Fixtures.Shared("stories260K"));

        Assert.True(run.Code == 0, run.Error + run.Out);
        Assert.Contains("20 cases passed, 0 failed", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bisect | chunks 3")]
    [InlineData("random 7 | chunks 4")]
    public void Cached_decoding_is_compared_with_uncached_decoding_under_a_grouping(string grouping)
    {
        var run = CommandLine.Run("conform", Fixtures.Repository("two-stream-pre-norm"), "--grouping", grouping);

        Assert.Equal(0, run.Code);
        Assert.Contains($"pass  cached = uncached: {grouping}", run.Out, StringComparison.Ordinal);
        Assert.Contains("58 cases passed, 0 failed", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void One_wrong_number_is_found()
    {
        using var folder = new Folder();
        foreach (var file in Directory.GetFiles(Fixtures.Repository("causal-llama")))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        var bytes = File.ReadAllBytes(folder.File("cases.safetensors"));
        BitConverter.TryWriteBytes(bytes.AsSpan(^4..), BitConverter.ToSingle(bytes.AsSpan(^4..)) + 1e-3f);
        File.WriteAllBytes(folder.File("cases.safetensors"), bytes);
        var run = CommandLine.Run("conform", folder.Path);

        Assert.Equal(1, run.Code);
        Assert.Matches(@"(?m)^FAIL  causal causal_logits\s+managed\s+1\.\de-03", run.Out);
        Assert.Contains("2 of 2 cases do not conform", run.Error, StringComparison.Ordinal);
    }
}
