using System.Text.Json;
using Xunit;

namespace A3.Cli.Tests;

public sealed class DecodingCommandTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;

    public DecodingCommandTests() => model = TinyCheckpoint.In(folder);

    public void Dispose() => folder.Dispose();

    private static double LogProbability(JsonElement json) => json.GetProperty("log_probability").GetDouble();

    private CommandLine Run(params string[] arguments) => CommandLine.Run([.. arguments, "--model", model]);

    [Fact]
    public void Infill_keeps_the_given_text_and_fills_every_gap()
    {
        var json = Assert.Single(Run("infill", "Tom had ___ ball. {3} happy.", "--length", "4", "--json").Json());
        var gaps = json.GetProperty("gaps").EnumerateArray().ToArray();
        var texts = gaps.Select(gap => gap.GetProperty("text").GetString()).ToArray();

        Assert.Equal([4, 3], gaps.Select(gap => gap.GetProperty("length").GetInt32()));
        Assert.Equal($"Tom had {texts[0]} ball. {texts[1]} happy.", json.GetProperty("text").GetString());
        Assert.Equal(7, json.GetProperty("forward_passes").GetInt32());
    }

    [Fact]
    public void A_part_of_a_policy_that_changes_nothing_is_named_and_the_rest_decodes()
    {
        var noted = Run("infill", "Tom ___ ball.", "--policy", "bisect | coarsen 1");
        var plain = Run("infill", "Tom ___ ball.", "--policy", "bisect");

        Assert.Equal((0, plain.Out), (noted.Code, noted.Out));
        Assert.StartsWith("--policy: 'coarsen 1' changes nothing: without it the meaning is the same.\n", noted.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("changes nothing", plain.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_pipe_infill_prints_the_text_alone()
    {
        var plain = Run("infill", "Tom had {3} ball.");
        var json = Run("infill", "Tom had {3} ball.", "--json").Json()[0];

        Assert.Equal(json.GetProperty("text").GetString() + Environment.NewLine, plain.Out);
        Assert.Contains("3 tokens in 3 forward passes", plain.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', plain.Out + plain.Error);
    }

    [Fact]
    public void A_terminal_sees_the_text_fill_up_and_then_the_finished_text()
    {
        string[] arguments = ["infill", "Tom had {3} ball.", "--model", model];
        var frames = TerminalScreen.Frames(CommandLine.Run(Ink.TrueColour, CancellationToken.None, arguments).Out);

        Assert.Equal(5, frames.Length);
        Assert.Equal([3, 2, 1, 0, 0], frames.Select(frame => frame.Count(letter => letter == '·')));
        Assert.Contains("first step", frames[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_text_and_another_one_another()
    {
        string Text(string seed) => Run("generate", "Tom", "--length", "20", "--seed", seed).Out;

        Assert.Equal(Text("4"), Text("4"));
        Assert.NotEqual(Text("4"), Text("5"));
    }

    [Fact]
    public void A_trace_names_every_token_in_the_order_of_the_grouping()
    {
        var lines = Run("infill", "{4}", "--grouping", "right-to-left | chunks 2", "--trace").Out.TrimEnd().Split('\n');
        var table = lines.SkipWhile(line => !line.StartsWith("step  position", StringComparison.Ordinal)).Skip(1);

        Assert.Equal(["3", "4", "1", "2"], table.Select(line => line.Substring(4, 10).Trim()));
        Assert.Equal(["0", "", "1", ""], table.Select(line => line[..4].Trim()));
    }

    [Fact]
    public void A_policy_is_a_grouping_or_goes_by_what_the_model_says()
    {
        int Passes(string option, string text)
        {
            var json = Run("infill", "Tom {4} ball.", option, text, "--json").Json()[0];
            return json.GetProperty("forward_passes").GetInt32();
        }

        Assert.Equal(2, Passes("--policy", "confidence | constant 2"));
        Assert.Equal(1, Passes("--policy", "all-at-once"));
        Assert.Equal(1, Passes("--grouping", "all-at-once"));
    }

    [Fact]
    public void The_score_of_an_infilled_gap_is_the_one_that_infilling_reported()
    {
        string[] grouping = ["--grouping", "right-to-left", "--json"];
        var agreeing = 0;

        for (var seed = 0; seed < 100 && agreeing < 3; seed++)
        {
            var filled = Run(["infill", "Tom had {2}", "--seed", $"{seed}", .. grouping]).Json()[0];
            var gap = filled.GetProperty("gaps")[0].GetProperty("text").GetString();
            var score = Run(["score", $"Tom had [[{gap}]]", .. grouping]).Json()[0];

            // Drawn weights draw bytes that are no text, or a text that has other tokens.
            if (filled.GetProperty("tokens").EnumerateArray().Select(Id).TakeLast(2)
                .SequenceEqual(score.GetProperty("tokens").EnumerateArray().Select(Id)))
            {
                agreeing++;
                Assert.Equal(LogProbability(filled), LogProbability(score), 1e-4);
            }
        }

        Assert.Equal(3, agreeing);

        static int Id(JsonElement token) => token.GetProperty("id").GetInt32();
    }

    [Fact]
    public void A_score_is_the_sum_over_its_tokens()
    {
        var json = Run("score", "Tom had a red ball.", "--json").Json()[0];
        var sum = json.GetProperty("tokens").EnumerateArray().Sum(LogProbability);

        Assert.Equal(sum, LogProbability(json), 1e-9);
        Assert.Equal(19, json.GetProperty("bytes").GetInt32());
        Assert.Equal(-sum / Math.Log(2) / 19, json.GetProperty("bits_per_byte").GetDouble(), 1e-9);
    }

    [Fact]
    public void A_file_stands_for_a_text()
    {
        var path = folder.File("story.txt");
        File.WriteAllText(path, "Tom had {3} ball.\n");

        Assert.Equal(Run("infill", "Tom had {3} ball.").Out, Run("infill", "--file", path).Out);
        Assert.Equal(2, Run("infill", "a {3}", "--file", path).Code);
    }

    [Fact]
    public void A_checkpoint_without_query_stream_generates_and_scores_left_to_right()
    {
        using var other = new Folder();
        var causal = TinyCheckpoint.In(other, queryStream: false);

        Assert.Equal(0, CommandLine.Run("generate", "Tom", "--length", "5", "--model", causal).Code);
        Assert.Equal(0, CommandLine.Run("score", "Tom had a ball.", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("infill", "Tom ___ ball.", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("score", "Tom [[had]]", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("generate", "Tom", "--revise", "1", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("infill", "Tom {2..4} ball.", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("score", "Tom", "--orders", "2", "--model", causal).Code);
        Assert.Equal(2, CommandLine.Run("score", "Tom ___", "--alternatives", "had", "--model", causal).Code);
    }

    [Fact]
    public void A_cancelled_command_gives_130_and_one_line()
    {
        var stopped = CommandLine.Run(Ink.Plain, new(canceled: true), "infill", "Tom {3}", "--model", model);

        Assert.Equal(130, stopped.Code);
        Assert.Equal("a3: cancelled.", stopped.Error.Trim());
    }

    [Fact]
    public void Inspect_says_what_the_checkpoint_is()
    {
        var json = CommandLine.Run("inspect", model, "--tensors", "--json").Json()[0];
        var bytes = json.GetProperty("tensors").EnumerateArray().Sum(tensor => tensor.GetProperty("bytes").GetInt64());

        Assert.Equal(json.GetProperty("stored_bytes").GetInt64(), bytes);
        Assert.Equal(bytes, json.GetProperty("bytes_by_type").GetProperty("F32").GetInt64());
        Assert.Equal(bytes / 4, json.GetProperty("parameters").GetInt64());
        Assert.Equal("byte-level BPE", json.GetProperty("tokenizers")[0].GetProperty("kind").GetString());
        Assert.Contains("\nmodel.query_embed ", CommandLine.Run("inspect", model, "--tensors").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_counts_what_decoding_a_context_under_a_grouping_costs()
    {
        (int, long) Cost(string grouping)
        {
            var json = CommandLine.Run("inspect", model, "--grouping", grouping, "--json").Json()[0];
            var decode = json.GetProperty("decode");
            return (decode.GetProperty("forward_passes").GetInt32(), decode.GetProperty("flops").GetInt64());
        }

        var architecture = A3.Architecture.Create(Tokenizer.Load(model).VocabularySize, 16, 2, 2, 64);
        var oneByOne = Enumerable.Range(1, 63).Sum(keys => 2 * architecture.FlopsPerToken(keys));
        Assert.Equal((63, oneByOne), Cost("bisect | singletons"));
        Assert.Equal((1, 64 * architecture.FlopsPerToken(1)), Cost("all-at-once"));
    }
}
