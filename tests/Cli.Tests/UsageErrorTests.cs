using Xunit;

namespace A3.Cli.Tests;

/// <summary>What bad input gets: one line on standard error, exit code 2 for a usage error and 1 for a failed run.</summary>
public sealed class UsageErrorTests
{
    private static void AssertOneLine(int code, string expected, CommandLine given)
    {
        Assert.Equal(code, given.Code);
        Assert.Equal("", given.Out);
        Assert.StartsWith("a3: ", given.Error, StringComparison.Ordinal);
        Assert.Single(given.Error.TrimEnd().Split('\n'));
        Assert.Contains(expected, given.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unrecognized argument: 'nonsense'", "nonsense")]
    [InlineData("unknown option '--nope'", "infill", "--nope")]
    [InlineData("--seed x: expected a whole number in -9223372036854775808..9223372036854775807.", "infill", "a ___", "--seed", "x")]
    [InlineData("--device gpu: expected auto, cpu or cuda; did you mean 'cpu'?", "infill", "a ___", "--device", "gpu")]
    [InlineData("--dtype int8: expected float32, bfloat16 or float16", "infill", "a ___", "--dtype", "int8")]
    [InlineData("'--length' has been specified more than once", "generate", "a", "--length", "3", "--length", "4")]
    [InlineData("unrecognized argument: 'infil'; did you mean 'infill'?", "infil", "a ___")]
    [InlineData("unrecognized argument: 'benhc'; did you mean 'bench'?", "benhc")]
    [InlineData("unrecognized argument: 'decod'; did you mean 'decode'?", "bench", "decod")]
    [InlineData("unknown option '--lenght'; did you mean '--length'?", "infill", "a ___", "--lenght", "3")]
    [InlineData("unknown option '--temprature'; did you mean '--temperature'?", "generate", "a", "--temprature", "3")]
    [InlineData("unknown option '--sort'; did you mean '--sorted'?", "show", "bisect", "--sort")]
    [InlineData("unknown option '--tensor'; did you mean '--tensors'?", "inspect", "--tensor")]
    [InlineData("unknown option '--html5'; did you mean '--html'?", "plot", "--html5")]
    [InlineData("unknown option '--tokns'; did you mean '--tokens'?", "train", "a", "--out", "x", "--tokns", "3")]
    [InlineData("--dtype bf16: expected float32, bfloat16 or float16; did you mean 'bfloat16'?", "infill", "a ___", "--dtype", "bf16")]
    [InlineData("--optimizer muno: expected adamw or muon; did you mean 'muon'?", "train", "a", "--out", "x", "--optimizer", "muno")]
    [InlineData("--broken-lines skp: expected fail or skip; did you mean 'skip'?", "train", "a", "--out", "x", "--broken-lines", "skp")]
    [InlineData("found 'papper', expected '(', a built-in curriculum, a context, ", "train", "a", "--out", "x", "--curriculum", "papper")]
    [InlineData("; did you mean 'paper'?", "show", "curriculum", "papper")]
    [InlineData("; did you mean 'paper'?", "show", "papper")]
    [InlineData("grouping \"bisect\\u001b[31m\", column 7: found '\\u001b', expected", "show", "bisect\u001b[31m")]
    [InlineData("--policy \"bisect\\u001b[31m\", column 7: found '\\u001b', expected", "infill", "a ___", "--policy", "bisect\u001b[31m")]
    [InlineData("grouping \"left-to-right | sentences\": groups by sentences, which positions alone have none of; give a text with --text.", "show", "left-to-right | sentences")]
    [InlineData("grouping \"strided 3 then outside-in\": 'then outside-in' has no effect, and nothing in its place would have one; leave it out.", "show", "strided 3 then outside-in")]
    [InlineData("--policy \"bisect | all-at-once\": 'bisect' has no effect", "infill", "a ___", "--policy", "bisect | all-at-once")]
    [InlineData("--grouping \"blockwise 1 bisect\": 'bisect' has no effect", "infill", "a ___", "--grouping", "blockwise 1 bisect")]
    [InlineData("--policy \"entropy | window 1\": 'entropy' has no effect", "generate", "a", "--policy", "entropy | window 1")]
    [InlineData("--policy \"left-to-right | words\": groups by words, which a gap has none of", "infill", "a ___", "--policy", "words")]
    [InlineData("--grouping \"bisect | refine (random | chunks 2)\": 'refine (random | chunks 2)' has no effect", "score", "a", "--grouping", "bisect | refine (random | chunks 2)")]
    [InlineData("--grouping \"left-to-right | words\": groups by words", "inspect", "--grouping", "words")]
    [InlineData("curriculum \"stage 1, query 0, content 1: random | chunks 4\": stage 0: 'content 1' has no effect", "train", "a", "--out", "x", "--curriculum", "stage 1, query 0, content 1: random | chunks 4")]
    [InlineData("stage 0: component 0: 'then bisect' has no effect", "show", "curriculum random then bisect | chunks 4")]
    [InlineData("--text and --length", "show", "words", "--text", "a", "--length", "3")]
    [InlineData("--sorted, --given and --text are for groupings", "show", "paper", "--text", "a")]
    [InlineData("--heads 5: must divide the width 192 into equal, even parts, as 4 or 6 would.", "train", "a", "--out", "x", "--heads", "5")]
    [InlineData("--heads 64: must divide the width 64 into equal, even parts, as 32 would.", "train", "a", "--out", "x", "--heads", "64", "--width", "64")]
    [InlineData("--heads 3: must divide the width 33 into equal, even parts; take an even width.", "train", "a", "--out", "x", "--heads", "3", "--width", "33")]
    [InlineData("parameters = 62998", "train", "a", "--out", "x", "--width", "65536", "--heads", "512", "--layers", "1000")]
    [InlineData("--temperature 0,7: expected a number such as 0.5, of at least 0 and at most 1000000; 0 is greedy.", "infill", "a ___", "--temperature", "0,7")]
    [InlineData("--alpha 1,6: expected a number such as 0.5, above 0 and below 1000000.", "train", "a", "--out", "x", "--alpha", "1,6")]
    [InlineData("--clip Infinity: expected a number such as 0.5, above 0 and at most 1e30.", "train", "a", "--out", "x", "--clip", "Infinity")]
    [InlineData("--tokens 1000000000000000000: expected a whole number in 1..1000000000000000.", "train", "a", "--out", "x", "--tokens", "1000000000000000000")]
    [InlineData("--batch-tokens 67108864: expected a whole number in 8..16777216.", "train", "a", "--out", "x", "--batch-tokens", "67108864")]
    [InlineData("--length 0: expected a whole number in 1..", "infill", "a ___", "--length", "0")]
    [InlineData("--temperature -1: expected a number of at least 0", "infill", "a ___", "--temperature", "-1")]
    [InlineData("--top-k 0: expected a whole number in 1..", "generate", "a", "--top-k", "0")]
    [InlineData("--top-p 1.5: expected a number above 0 and at most 1", "generate", "a", "--top-p", "1.5")]
    [InlineData("--speculative 1: expected a whole number in 2..", "infill", "a ___", "--speculative", "1")]
    [InlineData("--speculative and an adaptive policy", "infill", "a ___", "--speculative", "2", "--policy", "entropy")]
    [InlineData("--speculative and --reference", "infill", "a ___", "--speculative", "2", "--reference")]
    [InlineData("--causal and --policy", "generate", "a", "--causal", "--policy", "bisect")]
    [InlineData("--causal and --speculative", "generate", "a", "--causal", "--speculative", "2")]
    [InlineData("column 31: found '0', expected", "infill", "a ___", "--policy", "entropy | constant 2 | window 0")]
    [InlineData("--policy \"best\", column 1: found 'best'", "infill", "a ___", "--policy", "best")]
    [InlineData("--policy and --grouping", "infill", "a ___", "--policy", "bisect", "--grouping", "bisect")]
    [InlineData("is an adaptive policy and no grouping; write --policy", "infill", "a ___", "--grouping", "entropy")]
    [InlineData("leave 'given' out", "infill", "a ___", "--policy", "given 1 | singletons")]
    [InlineData("use a grouping of singletons", "infill", "a ___", "--policy", "bisect | chunks 2", "--speculative", "2")]
    [InlineData("--forbid \"\": every text contains that", "infill", "a ___", "--forbid", "")]
    [InlineData("--revise 0: expected a whole number in 1..", "infill", "a ___", "--revise", "0")]
    [InlineData("--revise-share 1.5: expected a number above 0 and at most 1", "infill", "a ___", "--revise", "1", "--revise-share", "1.5")]
    [InlineData("--revise-share 0.5: needs --revise SWEEPS", "generate", "a", "--revise-share", "0.5")]
    [InlineData("--causal and --revise", "generate", "a", "--causal", "--revise", "1")]
    [InlineData("has no text right behind it", "infill", "a {2..4}")]
    [InlineData("the fewest tokens come first", "infill", "a {4..2} b")]
    [InlineData("--orders 0: expected a whole number in 1..", "score", "a", "--orders", "0")]
    [InlineData("--orders and --grouping", "score", "a", "--orders", "2", "--grouping", "bisect")]
    [InlineData("--orders and --causal", "score", "a", "--orders", "2", "--causal")]
    [InlineData("--orders and --alternatives", "score", "a ___", "--orders", "2", "--alternatives", "b")]
    [InlineData("--alternatives and --causal", "score", "a ___", "--alternatives", "b", "--causal")]
    [InlineData("alternatives[0] = \"\" leaves no token to score", "score", "a ___", "--alternatives", "")]
    [InlineData("repeats the space", "score", "a ___", "--alternatives", " b")]
    [InlineData("--alternatives and --plain", "score", "a ___", "--alternatives", "b", "--plain")]
    [InlineData("column 11: ']' stands within the part", "score", "a = [[1, 2], [3, 4]]")]
    [InlineData("column 3: '[[]]' holds nothing", "score", "a [[]]")]
    [InlineData("the text has no gap", "score", "a", "--alternatives", "b")]
    [InlineData("1 texts for 2 gaps", "score", "a ___ b {2}", "--alternatives", "c")]
    [InlineData("--samples 0: expected a whole number in 1..", "infill", "a ___", "--samples", "0")]
    [InlineData("--batch-size 0: expected a whole number in 1..", "infill", "--batch", "x", "--batch-size", "0")]
    [InlineData("--batch-size needs --batch FILE or --samples", "infill", "a ___", "--batch-size", "2")]
    [InlineData("--output needs --batch", "infill", "a ___", "--output", "x")]
    [InlineData("a text and --batch", "infill", "a ___", "--batch", "x")]
    [InlineData("--file and --batch", "infill", "--file", "a", "--batch", "x")]
    [InlineData("--samples and --batch", "generate", "--samples", "2", "--batch", "x")]
    [InlineData("--trace and --batch", "generate", "--trace", "--batch", "x")]
    [InlineData("--output ./x: is the input", "generate", "--batch", "x", "--output", "./x")]
    [InlineData("--top-p 2: expected a number", "generate", "--batch", "x", "--top-p", "2")]
    [InlineData("column 3: '{x}' is not a gap", "infill", "a {x}")]
    [InlineData("column 3: '{' begins a gap", "infill", "a {12")]
    [InlineData("the text has no gap to fill", "infill", "a")]
    [InlineData("column 10: found 'chunk', expected", "infill", "a ___", "--grouping", "bisect | chunk 2")]
    [InlineData("column 1: found the end of the text", "infill", "a ___", "--grouping", "")]
    [InlineData("column 19: found 'x', expected a size", "show", "random 7 | chunks x")]
    [InlineData("column 7: found 'x', expected a share of the run", "show", "curriculum stage x: bisect")]
    [InlineData("stage 0, component 0: groups of 300, but the context holds 256", "show", "curriculum bisect | chunks 300")]
    [InlineData("last 2.05 times the run's 1000000 tokens", "show", "curriculum stage 500 steps: bisect; stage rest: words")]
    [InlineData("--tokens and --batch-tokens are for curricula", "show", "bisect", "--tokens", "9")]
    [InlineData("--tokens 0: expected a whole number in 1..", "show", "paper", "--tokens", "0")]
    [InlineData("--given \"x\": expected positions", "show", "bisect", "--given", "x")]
    [InlineData("--length 5000: expected a whole number in 1..4096", "show", "bisect", "--length", "5000")]
    [InlineData("pictures hold up to 512 positions", "show", "bisect", "--length", "600", "--svg", "x.svg")]
    [InlineData("a specification and --grouping", "show", "bisect", "--grouping", "random")]
    [InlineData("score needs a text", "score")]
    [InlineData("conform needs a directory", "conform")]
    [InlineData("plot needs the directory of a run", "plot")]
    [InlineData("train needs --out", "train", "stories.txt")]
    [InlineData("train needs text files", "train", "--out", "x")]
    [InlineData("--curriculum bisect | chunks 300: stage 0, component 0: groups of 300", "train", "a", "--out", "x", "--curriculum", "bisect | chunks 300")]
    [InlineData("last 500 times the run's 2 tokens", "train", "a", "--out", "x", "--tokens", "2", "--curriculum", "stage 1000 steps: bisect; stage rest: words")]
    [InlineData("--init and --model say the same", "train", "a", "--out", "x", "--init", "y", "--model", "z")]
    [InlineData("--resume x goes on with the options of that run: --width cannot be changed (--tokens, ", "train", "--resume", "x", "--tokens", "5", "--width", "5")]
    [InlineData("--resume x goes on with the options of that run: the file a.txt cannot be changed", "train", "a.txt", "--resume", "x")]
    [InlineData("--resume x goes on with the options of that run: --out cannot be changed", "train", "--resume", "x", "--out", "y")]
    [InlineData("--resume x goes on with the options of that run: --dtype cannot be changed", "train", "--resume", "x", "--dtype", "bfloat16")]
    [InlineData("--resume x goes on with the options of that run: --seed cannot be changed", "train", "--resume", "x", "--seed", "5")]
    [InlineData("--resume x goes on with the options of that run: --distil-queries cannot be changed", "train", "--resume", "x", "--distil-queries", "0.5")]
    [InlineData("--context 46341: expected a whole number in 8..46340; a mask of more rows has over 2147483647 entries.", "train", "a", "--out", "x", "--context", "46341")]
    [InlineData("--learning-rate 5: expected a number above 0 and below 1.\n", "train", "a", "--out", "x", "--learning-rate", "5")]
    public void A_usage_error_gets_one_line_and_exit_code_2(string expected, params string[] arguments)
    {
        using var folder = new Folder();
        string[] model = arguments[0] is "infill" or "generate" ? ["--model", TinyCheckpoint.In(folder)] : [];

        AssertOneLine(2, expected, CommandLine.Run([.. arguments, .. model]));
    }

    [Fact]
    public void What_does_not_fit_the_model_is_misuse()
    {
        using var folder = new Folder();
        var model = TinyCheckpoint.In(folder);

        AssertOneLine(2, "context holds 64", CommandLine.Run("infill", "a {64}", "--model", model));
        AssertOneLine(2, "context holds 64", CommandLine.Run("generate", "a", "--length", "200000", "--model", model));
        AssertOneLine(2, "context holds 64", CommandLine.Run("score", new string('x', 70), "--model", model));
        AssertOneLine(2, "no ']]' follows", CommandLine.Run("score", "a [[b", "--model", model));
        AssertOneLine(2, "nothing to score", CommandLine.Run("score", "", "--model", model));
    }

    [Theory]
    [InlineData("infill", "a ___", "--model")]
    [InlineData("generate", "a", "--model")]
    [InlineData("score", "a", "--model")]
    [InlineData("inspect")]
    [InlineData("plot")]
    [InlineData("conform")]
    [InlineData("train", "--resume")]
    [InlineData("infill", "--file")]
    [InlineData("infill", "--batch")]
    [InlineData("score", "a ___", "--alternatives-file")]
    public void A_path_that_is_not_there_is_a_failed_run(params string[] arguments)
    {
        using var folder = new Folder();
        var path = folder.File("absent");

        AssertOneLine(1, path, CommandLine.Run([.. arguments, path]));
    }

    [Theory]
    [InlineData("--policy", "best")]
    [InlineData("--temperature", "-1")]
    [InlineData("--speculative", "2", "--policy", "entropy")]
    [InlineData("--forbid", "")]
    [InlineData("--samples", "3", "--top-p", "0")]
    [InlineData("--revise", "0")]
    public void Options_are_checked_before_the_model_is_looked_for(params string[] options)
    {
        Assert.Equal(2, CommandLine.Run(["infill", "a ___", .. options, "--model", "absent"]).Code);
        Assert.Equal(1, CommandLine.Run("infill", "a ___", "--model", "absent").Code);
    }

    [Fact]
    public void An_option_that_a_command_has_no_use_for_is_named()
    {
        Assert.Equal("--device has no effect on a3 show.\n", CommandLine.Run("show", "bisect", "--device", "cpu").Error);
        Assert.Equal("", CommandLine.Run("show", "random", "--seed", "3").Error);
        Assert.Equal("--dtype has no effect on a3 inspect.\n--seed has no effect on a3 inspect.\n", CommandLine.Run("inspect", "--seed", "3", "--dtype", "float16").Error);
        Assert.Equal("", CommandLine.Run("inspect", "--seed", "3", "--json").Error);
    }

    [Fact]
    public void A_file_without_end_is_misuse()
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "this system has no /dev/zero.");

        AssertOneLine(2, "/dev/zero: more than 16777216 bytes", CommandLine.Run("infill", "--file", "/dev/zero"));
    }

    [Fact]
    public void A_broken_checkpoint_is_a_failed_run()
    {
        using var folder = new Folder();
        var model = TinyCheckpoint.In(folder);
        using (var weights = File.OpenWrite(folder.File("model.safetensors")))
        {
            weights.SetLength(weights.Length - 4);
        }

        AssertOneLine(1, "its bytes must end within", CommandLine.Run("inspect", model));
        File.WriteAllText(folder.File("tokenizer.json"), """{"model": {"type": "WordPiece"}}""");
        AssertOneLine(1, "model.safetensors", CommandLine.Run("infill", "a ___", "--model", model));
    }

    [Fact]
    public void A_directory_without_reference_numbers_does_not_conform()
    {
        using var folder = new Folder();

        AssertOneLine(1, "holds no reference numbers", CommandLine.Run("conform", folder.Path));
    }
}
