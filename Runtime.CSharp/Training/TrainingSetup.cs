using A3.Model;
using A3.Model.Tensors;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using static TorchSharp.torch;

namespace A3.Runtime;

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
            ? Runtime.Tokenizer.Load(directory)
            : BpeTrainer.Train(Sample(options, cancellation), options.Vocabulary, new ShareReport("learning a vocabulary", preparation), cancellation);

    /// <summary>The options' data: the files, their field, the rule about broken lines.</summary>
    public static DataSource Source(TrainingOptions options, IReadOnlyList<string> files) => new(files, options.Field, options.BrokenLines);

    /// <summary>Longest sequence of the initial checkpoint, else of the options.</summary>
    public static int Context(TrainingOptions options) =>
        options.Initial is { } initial ? Checkpoint.ReadConfiguration(initial).Architecture.Context : options.Context;

    /// <summary>The initial checkpoint's configuration with a query stream, else a fresh one from the options.</summary>
    public static Configuration Configuration(TrainingOptions options, ITokenizer tokenizer)
    {
        if (options.Initial is { } initial)
        {
            var adapted = Adapted(Checkpoint.ReadConfiguration(initial));
            return tokenizer.VocabularySize <= adapted.Architecture.Vocabulary
                ? adapted
                : throw new A3Exception(
                    $"the tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the weights of {initial} know only "
                    + $"0..{adapted.Architecture.Vocabulary - 1}; they belong to different models.");
        }

        var architecture = ArchitectureModule.create(
            tokenizer.VocabularySize, options.Width, options.Layers, options.Heads, options.Context);
        var valid = ArchitectureModule.validate(architecture);
        return valid.IsOk
            ? new Configuration(
                architecture, Some(tokenizer.BosId), Eos(tokenizer), FSharpOption<int>.None, FSharpOption<Precision>.None)
            : throw new ArgumentException(valid.ErrorValue.Message);
    }

    /// <summary>
    /// The flat parameter vector, float32 on the CPU: drawn by the seed, then overwritten by the initial checkpoint's tensors.
    /// A query embedding it lacks is drawn at the scale of its token embeddings.
    /// </summary>
    public static Tensor Parameters(TrainingOptions options, Model.Architecture architecture)
    {
        var flat = WeightsModule.initialise(architecture, options.Seed);
        if (options.Initial is not { } initial)
        {
            return flat;
        }

        using var scope = NewDisposeScope();
        using var checkpoint = Checkpoint.Open(initial);
        var pieces = WeightsModule.flatLayout(architecture).ToDictionary(
            entry => entry.Item1.Name, entry => flat.narrow(0, entry.Item2, entry.Item1.Shape.Aggregate(1L, (size, side) => size * side)));
        foreach (var (name, piece) in pieces)
        {
            if (name != ArchitectureModule.queryEmbedding || checkpoint.Architecture.HasQueryStream)
            {
                piece.copy_(tensor(checkpoint[name].ToFloats()));
            }
        }

        if (!checkpoint.Architecture.HasQueryStream)
        {
            var drawn = pieces[ArchitectureModule.queryEmbedding];
            drawn.mul_(pieces[ArchitectureModule.embedding].std() / drawn.std());
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

    private static Configuration Adapted(Configuration configuration)
    {
        var architecture = ArchitectureModule.withQueryStream(configuration.Architecture);
        return new Configuration(architecture, configuration.Bos, configuration.Eos, configuration.Pad, configuration.Precision);
    }

    /// <summary>Not as a collection expression: its builder is missing from the FSharp.Core that `dotnet fsi` brings.</summary>
    private static FSharpList<int> Eos(ITokenizer tokenizer) =>
        ListModule.OfSeq(tokenizer.EosId is { } eos ? new[] { eos } : []);

    private static FSharpOption<T> Some<T>(T? value)
        where T : struct => value is { } present ? FSharpOption<T>.Some(present) : FSharpOption<T>.None;
}
