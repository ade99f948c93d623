using A3.Model;
using A3.Tensors;
using A3.Torch.Data;
using TorchSharp;

namespace A3.Torch.Training;

/// <summary>What a run was begun with beside its options: command, specifications in full, data, and what computes it.</summary>
internal sealed record RunRecord
{
    /// <summary>The command line of the process that began the run.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The curriculum in full, whatever its name meant when the run began.</summary>
    public required string Curriculum { get; init; }

    /// <summary>The network in words.</summary>
    public required string Architecture { get; init; }

    /// <summary>SHA-256 of the tokenizer's files.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>The files trained on.</summary>
    public required IReadOnlyList<SourceFile> Data { get; init; }

    /// <summary>The files validated on.</summary>
    public required IReadOnlyList<SourceFile> Validation { get; init; }

    /// <summary>The files of the frozen weights; none where all train.</summary>
    public IReadOnlyList<SourceFile> Frozen { get; init; } = [];

    /// <summary>Version of this program.</summary>
    public required string A3 { get; init; }

    /// <summary>Version of .NET.</summary>
    public required string DotNet { get; init; }

    /// <summary>Version of libtorch.</summary>
    public required string Libtorch { get; init; }

    /// <summary>Where the run computes.</summary>
    public required string Device { get; init; }

    /// <summary>Threads of libtorch.</summary>
    public required int Threads { get; init; }

    /// <summary>The record of a run that this process would begin.</summary>
    public static RunRecord Of(
        Model.Curriculum curriculum, Model.Architecture architecture, string tokenizer, Corpus data, Corpus? validation, torch.Device device)
    {
        Native.ensure();
        return new RunRecord
        {
            Command = Environment.GetCommandLineArgs(),
            Curriculum = CurriculumModule.print(curriculum),
            Architecture = new Architecture(architecture).ToString(),
            Tokenizer = tokenizer,
            Data = data.Sources,
            Validation = validation?.Sources ?? [],
            A3 = typeof(RunRecord).Assembly.GetName().Version!.ToString(3),
            DotNet = Environment.Version.ToString(),
            Libtorch = torch.__version__,
            Device = device.ToString(),
            Threads = torch.get_num_threads(),
        };
    }

    /// <summary>Why a run with this record cannot go on in a process with that one; null where it can.</summary>
    public string? Conflict(RunRecord now) =>
        Tokenizer != now.Tokenizer ? "its tokenizer files were changed."
        : Curriculum != now.Curriculum ? $"its curriculum began as {Shown.Text(Curriculum)}, but reads {Shown.Text(now.Curriculum)} now."
        : Architecture != now.Architecture ? $"it began with {Shown.Text(Architecture)}, but config.json says {Shown.Text(now.Architecture)}."
        : !AreSame(Data, now.Data) || !AreSame(Validation, now.Validation) ? "its options name other data than it was begun with."
        : null;

    /// <summary>The first rule that what was read from a file breaks, with its key; null where all hold.</summary>
    public string? Fault()
    {
        (string Key, IReadOnlyList<SourceFile> Files)[] lists = [("data", Data), ("validation", Validation), ("frozen", Frozen)];
        return lists.SelectMany(list => list.Files.Select((file, index) => (Key: $"record.{list.Key}[{index}]", File: (SourceFile?)file)))
            .Where(entry => entry.File is not { Bytes: > 0 } file || !TrainingRules.IsPath(file.Path))
            .Select(entry => $"{entry.Key}: a path and a number of bytes above 0 are expected.")
            .FirstOrDefault();
    }

    /// <summary>The first file of the data that is no longer what it was; null where all are.</summary>
    /// <exception cref="TrainingException">A file cannot be read.</exception>
    public string? ChangedFile(FileHashes hashes) => Data.Concat(Validation).Concat(Frozen).FirstOrDefault(file => !file.IsUnchanged(hashes))?.Path;

    /// <summary>What may change the last bits of the results, in a sentence; null where nothing does.</summary>
    public string? Difference(RunRecord now)
    {
        (string What, string Then, string Now)[] entries =
        [
            ("a3", A3, now.A3),
            (".NET", DotNet, now.DotNet),
            ("libtorch", Libtorch, now.Libtorch),
            ("device", Device, now.Device),
            ("threads", $"{Threads}", $"{now.Threads}"),
        ];
        var changed = entries.Where(entry => entry.Then != entry.Now).Select(entry => $"{entry.What} {entry.Now} in place of {Shown.Text(entry.Then)}");
        return changed.Any() ? $"resumed with {string.Join(", ", changed)}: results may differ from an uninterrupted run's in the last bits." : null;
    }

    private static bool AreSame(IReadOnlyList<SourceFile> files, IReadOnlyList<SourceFile> others) =>
        files.Select(file => (file.Path, file.Sha256)).SequenceEqual(others.Select(file => (file.Path, file.Sha256)));
}
