using A3.Model;
using A3.Runtime.Checkpoints;
using A3.Runtime.Networks;
using A3.Runtime.Tokenizers;
using A3.Tensors;
using A3.Torch.Data;
using A3.Torch.Networks;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Torch.Training;

/// <summary>What a run starts from: tokenizer, architecture, first parameters.</summary>
internal static class TrainingSetup
{
    /// <summary>Characters of the data that a fresh vocabulary is learned from, at most.</summary>
    private const long VocabularyCharacters = 1L << 30;

    /// <summary>
    /// The tokenizer named by the options, else that of the initial checkpoint, else a fresh one trained on the first 2^30
    /// characters of the data.
    /// </summary>
    public static ITokenizer Tokenizer(TrainingOptions options, IProgress<Preparation>? preparation, CancellationToken cancellation) =>
        (options.Tokenizer ?? options.Initial) is { } directory
            ? Noted(A3.Tokenizer.Load(directory), options.Initial, preparation)
            : BpeTrainer.Train(Sample(options, cancellation), options.Vocabulary, new ShareReport("learning a vocabulary", preparation), cancellation);

    /// <summary>The tokenizer, after a remark on everything in its files and in those of the initial checkpoint that is not followed.</summary>
    private static ITokenizer Noted(ITokenizer tokenizer, string? initial, IProgress<Preparation>? preparation)
    {
        using var checkpoint = initial is null ? null : Checkpoint.Open(initial);
        foreach (var notice in (tokenizer as BytePairTokenizer)?.Notices.Concat(checkpoint?.Notices ?? []) ?? [])
        {
            preparation?.Report(new Preparation(notice, null));
        }

        return tokenizer;
    }

    /// <summary>Positions of the longest sequence of a run that is not yet begun.</summary>
    public static int LongestSequence(TrainingOptions options) => options.LongestSequence(
        options.Initial is { } initial
            ? Checkpoint.ReadConfiguration(initial).Architecture.Context
            : options.Context ?? TrainingOptions.StandardContext);

    /// <summary>Refuses a network that cannot be trained before work begins. A fresh vocabulary counts as large as it may become.</summary>
    /// <exception cref="ArgumentException">The network, or what trains of it, is not one.</exception>
    /// <exception cref="TrainingException">More numbers would train than a state holds.</exception>
    public static void CheckNetwork(TrainingOptions options) => Trainable(
        options,
        options.Initial is { } initial ? Adapted(Checkpoint.ReadConfiguration(initial).Architecture, options.QueryStart) : Fresh(options, options.Vocabulary));

    /// <summary>The options' data: the files, their field, the rule about broken lines.</summary>
    public static DataSource Source(TrainingOptions options, IReadOnlyList<string> files) => new(files, options.Field, options.BrokenLines);

    /// <summary>The initial checkpoint's configuration with a query stream, else a fresh one from the options.</summary>
    public static Configuration Configuration(TrainingOptions options, ITokenizer tokenizer)
    {
        if (options.Initial is { } initial)
        {
            var configuration = Checkpoint.ReadConfiguration(initial);
            var adapted = Adapted(configuration.Architecture, options.QueryStart);
            return tokenizer.VocabularySize <= adapted.Vocabulary
                ? Configuration(adapted, tokenizer, configuration.Pad, configuration.Precision)
                : throw new TrainingException(
                    $"the tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the weights of {Shown.Text(initial)} know only "
                    + $"0..{adapted.Vocabulary - 1}; they belong to different models.");
        }

        return Configuration(Fresh(options, tokenizer.VocabularySize), tokenizer, FSharpOption<int>.None, FSharpOption<NumberType>.None);
    }

    /// <summary>What trains.</summary>
    /// <exception cref="RequestException">No tensor has a name that the options say.</exception>
    /// <exception cref="TrainingException">More numbers would train than a state holds.</exception>
    public static Trainable Trainable(TrainingOptions options, Model.Architecture architecture)
    {
        var isNew = options.Initial is { } initial && Checkpoint.ReadConfiguration(initial).Architecture.QueryStream.IsAbsent;
        var chosen = TrainableModule.choose(
            architecture,
            options.Rank,
            options.Alpha,
            FuncConvert.FromFunc<string, bool>(name => isNew && name == ArchitectureModule.queryEmbedding),
            options.Train);
        if (!chosen.IsOk)
        {
            throw new RequestException($"{nameof(options.Train)} = {options.Train}: {chosen.ErrorValue}");
        }

        var numbers = Flat.count(TrainableModule.parameters(chosen.ResultValue));
        return numbers <= Array.MaxLength
            ? chosen.ResultValue
            : throw new TrainingException(
                $"{numbers} numbers would train, and a training state holds {Array.MaxLength} at most: "
                + "train fewer of them (--train lora), or a smaller network (--width, --layers, --vocabulary).");
    }

    /// <summary>The weights that do not train, from the initial checkpoint; null where all do.</summary>
    public static FrozenWeights? Frozen(TrainingOptions options, TorchSharp.torch.Device device) =>
        options.Train == TrainableModule.all ? null : new FrozenWeights(Checkpoint.Open(options.Initial!), device, options.Compute.OfTensors());

    /// <summary>The network that the options begin with; it borrows what is frozen.</summary>
    public static TrainedNetwork Network(
        TrainingOptions options, Model.Architecture architecture, FrozenWeights? frozen, TorchSharp.torch.Device device)
    {
        var trainable = Trainable(options, architecture);
        return new TrainedNetwork(
            architecture,
            trainable,
            name => frozen?[name] ?? throw new InvalidOperationException($"{name} neither trains nor is frozen."),
            Parameters(options, trainable).to(device),
            options.Compute.OfTensors());
    }

    /// <summary>The initial checkpoint as it was, for the content stream to learn from; null where it learns from the text.</summary>
    public static TorchNetwork? Teacher(TrainingOptions options)
    {
        if (!options.Distil)
        {
            return null;
        }

        using var checkpoint = Checkpoint.Open(options.Initial!);
        return TorchBackend.OnTorch(checkpoint, options.Device, options.Compute);
    }

    /// <summary>The files of the initial checkpoint that are read throughout the run; none where it only begins with them.</summary>
    public static IReadOnlyList<SourceFile> FrozenFiles(TrainingOptions options, FileHashes hashes)
    {
        if (!options.ReadsInitial)
        {
            return [];
        }

        using var files = TensorFiles.Open(options.Initial!);
        return [.. files.Files.Select(file => SourceFile.Of(file.Path, hashes))];
    }

    /// <summary>
    /// The numbers that train, float32 on the CPU: drawn by the seed, then those of tensors of the initial checkpoint overwritten with
    /// these. A query embedding it lacks is drawn at the scale of its token embeddings.
    /// </summary>
    private static Tensor Parameters(TrainingOptions options, Trainable trainable)
    {
        var parameters = TrainableModule.parameters(trainable);
        var flat = Flat.initialise(parameters, options.Seed);
        if (options.Initial is not { } initial)
        {
            return flat;
        }

        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(initial);
        foreach (var (parameter, offset) in Flat.layout(parameters))
        {
            var piece = flat.narrow(0, offset, parameter.Shape.Aggregate(1L, (size, side) => size * side));
            if (parameter.Name == ArchitectureModule.queryEmbedding && !checkpoint.Architecture.HasQueryStream)
            {
                piece.mul_(tensor(checkpoint[ArchitectureModule.embedding].ToWeights()).std() / piece.std());
            }
            else if (trainable.Whole.Contains(parameter))
            {
                piece.copy_(tensor(checkpoint[parameter.Name].ToWeights(options.Compute)));
            }
        }

        return flat.MoveToOuterDisposeScope();
    }

    private static IEnumerable<string> Sample(TrainingOptions options, CancellationToken cancellation)
    {
        var room = VocabularyCharacters;
        return options.Data
            .SelectMany(path => DocumentFile.Texts(path, options.Field, options.BrokenLines, cancellation))
            .TakeWhile(text => (room -= text.Length) > 0);
    }

    private static QueryStream Stream(QueryStart start) =>
        start == QueryStart.Preceding ? QueryStream.Preceding : QueryStream.Learned;

    private static Model.Architecture Adapted(Model.Architecture architecture, QueryStart? start)
    {
        var own = architecture.QueryStream;
        var stream = start is { } asked ? Stream(asked) : own.IsAbsent ? QueryStream.Preceding : own;
        return ArchitectureModule.withQueryStream(stream, architecture);
    }

    private static Model.Architecture Fresh(TrainingOptions options, int vocabulary)
    {
        var architecture = ArchitectureModule.create(
            vocabulary, options.Width, options.Layers, options.Heads, options.Context ?? TrainingOptions.StandardContext);
        var valid = ArchitectureModule.validate(ArchitectureModule.withQueryStream(Stream(options.QueryStart ?? QueryStart.Learned), architecture));
        return valid.IsOk ? valid.ResultValue : throw new ArgumentException(valid.ErrorValue.Message);
    }

    /// <summary>With the tokens that the tokenizer, and with it training, begins and ends a text with.</summary>
    private static Configuration Configuration(
        Model.Architecture architecture, ITokenizer tokenizer, FSharpOption<int>? pad, FSharpOption<NumberType>? precision) => new(
        architecture,
        Some(tokenizer.BosId),
        // Not as a collection expression: its builder is missing from the FSharp.Core that `dotnet fsi` brings.
        ListModule.OfSeq(tokenizer.EosIds),
        pad,
        Some(tokenizer.FirstId == tokenizer.BosId ? null : tokenizer.FirstId),
        precision);

    private static FSharpOption<T> Some<T>(T? value)
        where T : struct => value is { } present ? FSharpOption<T>.Some(present) : FSharpOption<T>.None;
}
