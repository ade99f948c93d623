using System.Runtime.InteropServices;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>The output of a batch: a regular file that one process writes at a time, and never the input.</summary>
public sealed class BatchOutputTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly string model;
    private readonly string input;
    private readonly string output;

    public BatchOutputTests()
    {
        model = TinyCheckpoint.In(folder);
        (input, output) = (folder.File("rows.jsonl"), folder.File("results.jsonl"));
        File.WriteAllText(input, """{"prompt": "Tom", "length": 3}""" + "\n");
    }

    public void Dispose() => folder.Dispose();

    private CommandLine Run(string to) => CommandLine.Run("generate", "--batch", input, "--output", to, "--model", model);

    private void AssertRefused(int code, string to, string message)
    {
        var refused = Run(to);

        Assert.Equal((code, "", $"a3: {message}\n"), (refused.Code, refused.Out, refused.Error));
    }

    private string Linked(string target, bool hard)
    {
        var link = folder.File(hard ? "hard" : "symbolic");

        if (hard)
        {
            Shell.Run($"ln {target} {link}");
        }
        else
        {
            File.CreateSymbolicLink(link, target);
        }

        return link;
    }

    [Fact]
    public void A_second_writer_is_refused_at_once_by_whatever_name_and_nothing_is_lost()
    {
        Run(output);
        var before = File.ReadAllText(output);
        var (symbolic, hard) = (Linked(output, hard: false), Linked(output, hard: true));

        using (BatchOutput.TryOpen(output)!.Value)
        {
            foreach (var name in (string[])[output, symbolic, hard])
            {
                AssertRefused(1, name, $"{name}: another process is writing it; wait for it, or name another --output.");
            }
        }

        Assert.Equal(before, File.ReadAllText(output));
        Assert.Equal(0, Run(symbolic).Code);
    }

    [Fact]
    public void A_second_process_is_refused_at_once_and_the_first_goes_on()
    {
        var given = Shell.Run($"""
            mkfifo rows
            a3 generate --batch rows --output results.jsonl --model . 2>first & first=$!
            exec 3>rows
            until [ -e results.jsonl ]; do sleep 0.02; done
            a3 generate --batch rows.jsonl --output results.jsonl --model .; second=$?
            cat rows.jsonl rows.jsonl >&3; exec 3>&-
            wait $first; echo "$? $second"
            """, folder.Path);

        Assert.Equal("0 1\n", given.Out);
        Assert.Contains("a3: results.jsonl: another process is writing it", given.Error, StringComparison.Ordinal);
        Assert.Equal(2, File.ReadAllLines(output).Length);
    }

    [Fact]
    public void The_input_is_never_the_output_by_whatever_name()
    {
        var before = File.ReadAllText(input);
        string[] names = [input, Path.Combine(folder.Path, ".", "rows.jsonl"), Linked(input, hard: false), Linked(input, hard: true)];

        Assert.All(names, name => AssertRefused(2, name, $"--output {name}: is the input; name another file."));
        Assert.Equal(before, File.ReadAllText(input));
    }

    [Fact]
    public void Folders_devices_and_pipes_are_no_output()
    {
        Assert.SkipWhen(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "this system has no devices among its files.");
        var fifo = folder.File("fifo");
        Shell.Run($"mkfifo {fifo}");

        AssertRefused(1, folder.Path, $"{folder.Path}: is a directory; --output names a file.");

        foreach (var name in (string[])["/dev/null", "/dev/full", "/dev/zero", fifo])
        {
            AssertRefused(1, name, $"{name}: is no regular file, which a batch that is stopped could go on with; without --output results go to standard output.");
        }
    }

    [Fact]
    public void Nothing_is_made_where_the_input_or_the_model_is_missing()
    {
        Assert.Equal(1, CommandLine.Run("generate", "--batch", folder.File("absent"), "--output", output, "--model", model).Code);
        Assert.Equal(1, CommandLine.Run("generate", "--batch", input, "--output", output, "--model", folder.File("absent")).Code);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void A_file_that_grows_over_its_limit_keeps_whole_results_and_says_how_to_go_on()
    {
        File.WriteAllText(input, string.Concat(Enumerable.Repeat("""{"prompt": "Tom", "length": 3}""" + "\n", 40)));
        var given = Shell.Run("export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 4; a3 generate --batch rows.jsonl --output results.jsonl --model .", folder.Path);

        Assert.SkipWhen(given.Code == 0, "this shell does not limit the length of files.");
        Assert.Equal(1, given.Code);
        Assert.Contains("what was written before stays, and the same command goes on from there", given.Error, StringComparison.Ordinal);
        Assert.Equal(0, Run(output).Code);
        Assert.Equal(40, File.ReadAllLines(output).Length);
    }
}
