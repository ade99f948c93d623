using System.Globalization;
using System.Runtime.CompilerServices;
using A3.Model;

namespace A3.Torch.Training;

/// <summary>The rule of every option of a run, with a range for every number.</summary>
internal static class TrainingRules
{
    /// <summary>Positions of the longest sequence of any run: a mask of more rows has over 2^31 entries.</summary>
    public const int LongestContext = TrainingOptions.LongestContext;

    private const long MostTokens = 1_000_000_000_000_000;
    private const int LargestBatch = 1 << 24;
    private const double LargestNorm = 1e30;
    private const int MostSteps = 1_000_000_000;
    private const int MostSeconds = 1_000_000;
    private const int MostRows = 1_000_000;
    private const int MostLayers = 1000;

    /// <summary>The options themselves where every value keeps its rule.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the rule.</exception>
    public static TrainingOptions Checked(this TrainingOptions options)
    {
        CheckFiles(options);
        CheckNetwork(options);
        CheckLength(options);
        CheckSteps(options);
        CheckSaving(options);
        return options;
    }

    /// <summary>Positions of the longest sequence of a run whose network can hold so many.</summary>
    /// <exception cref="ArgumentException">More are asked for.</exception>
    public static int LongestSequence(this TrainingOptions of, int positions)
    {
        Demand(of.Context, of.Context is null || of.Context <= positions, $"the network of {Shown.Text(of.Initial)} holds {positions} tokens at most.");
        return of.Context ?? Math.Min(Math.Min(positions, of.BatchTokens), LongestContext);
    }

    /// <summary>Whether a text can be the path of a file.</summary>
    public static bool IsPath(string? path) => !string.IsNullOrEmpty(path) && !path.Contains('\0', StringComparison.Ordinal);

    private static void CheckFiles(TrainingOptions of)
    {
        Demand(of.Data.Count, of.Data.Count > 0, "at least one text file is needed.", "Data");
        Demand("Data", of.Data, "paths of files are needed.");
        Demand("Validation", of.Validation, "paths of files are needed.");
        Demand("Initial", [of.Initial ?? "."], "the path of a folder is needed.");
        Demand("Tokenizer", [of.Tokenizer ?? "."], "the path of a folder is needed.");
        Demand("Cache", [of.Cache ?? "."], "the path of a folder is needed.");
        Demand(of.Field, of.Field.Length > 0, "must name a field of the JSON lines.");
        Demand(of.Vocabulary, of.Vocabulary is >= 259 and <= 1 << 20, "must be in 259..1048576: 256 bytes and 3 special tokens come first.");
    }

    private static void CheckNetwork(TrainingOptions of)
    {
        Demand(of.Width, of.Width is >= 1 and <= 1 << 16, "must be in 1..65536.");
        Demand(of.Layers, of.Layers is >= 1 and <= MostLayers, $"must be in 1..{MostLayers}.");
        Demand(of.Heads, of.Heads >= 1 && of.Heads <= of.Width, $"must be in 1..{of.Width}, the width.");
        CheckFreshNetwork(of);
        Demand(of.Train, of.Train == Tensors.TrainableModule.all || of.Initial is not null, "weights are frozen only where an initial checkpoint has them.");
        Demand(of.Distil, !of.Distil || of.Initial is not null, "needs an initial checkpoint to learn from.");
        Demand(of.DistilQueries, of.DistilQueries is >= 0 and < 1, "must be in [0, 1): the rest of the loss is that of tokens.");
        Demand(of.DistilQueries, of.DistilQueries == 0 || of.Distil, "is for runs that distil.");
        Demand(of.QueryStart, of.QueryStart is null or QueryStart.Learned or QueryStart.Preceding, "must be learned or preceding: a run trains a query stream.");
        Demand(of.Rank, of.Rank is >= 1 and <= 1 << 14, "must be in 1..16384.");
        Demand(of.Alpha, of.Alpha is > 0 and < 1e6, "must be in (0, 1000000).");
    }

    /// <summary>The fresh network that the options describe is checked before anything is read or learned for it.</summary>
    private static void CheckFreshNetwork(TrainingOptions of)
    {
        if (of.Initial is not null)
        {
            return;
        }

        var fitting = string.Join(" or ", ArchitectureModule.fittingHeads(of.Width, of.Heads));
        Demand(
            of.Heads,
            ArchitectureModule.headsFit(of.Width, of.Heads),
            $"must divide the width {of.Width} into equal, even parts{(fitting.Length == 0 ? "; take an even width." : $", as {fitting} would.")}");
        var valid = ArchitectureModule.validate(
            ArchitectureModule.create(of.Vocabulary, of.Width, of.Layers, of.Heads, of.Context ?? TrainingOptions.StandardContext));
        if (valid.IsError)
        {
            throw new ArgumentException(valid.ErrorValue.Message);
        }
    }

    private static void CheckLength(TrainingOptions of)
    {
        Demand(of.Context, of.Context is null or (>= 8 and <= LongestContext), $"must be in 8..{LongestContext} tokens: a mask of more rows has over 2147483647 entries.");
        Demand(of.BatchTokens, of.Context is null || of.BatchTokens >= of.Context, $"must hold at least one row of {of.Context} tokens.");
        Demand(of.BatchTokens, of.BatchTokens is >= 8 and <= LargestBatch, $"must be in 8..{LargestBatch} tokens.");
        Demand(of.Tokens, of.Tokens is >= 1 and <= MostTokens, $"must be in 1..{MostTokens}.");
        Demand(of.ExtendedTo, of.AllTokens >= of.Tokens && of.AllTokens <= MostTokens, $"must be in {of.Tokens}..{MostTokens}: a run is extended beyond the tokens that it was planned for.");
        Demand(of.ExtendedTo, of.AllTokens == of.Tokens || of.FinalRate > 0, "the learning rate of the run ends at 0 (FinalRate), so that nothing more would be learned; begin another run from this one.");
    }

    private static void CheckSteps(TrainingOptions of)
    {
        Demand(of.GradientAccumulationSteps, of.GradientAccumulationSteps is >= 1 and <= 1 << 16, "must be in 1..65536 passes.");
        Demand(of.ParallelMicroBatches, of.ParallelMicroBatches >= 1 && of.ParallelMicroBatches <= of.GradientAccumulationSteps, $"must be in 1..{of.GradientAccumulationSteps}, the passes of a step ({nameof(of.GradientAccumulationSteps)}).");
        Demand(of.Compute, of.Compute != NumberType.Float16, "must be float32 or bfloat16: gradients leave the range of float16.");
        Demand(of.Crop, of.Crop is >= 0 and <= 1, "must be in [0, 1].");
        Demand(of.LearningRate, of.LearningRate is > 0 and < 1, "must be in (0, 1).");
        Demand(of.Warmup, of.Warmup is >= 0 and < 1, "must be in [0, 1).");
        Demand(of.FinalRate, of.FinalRate is >= 0 and <= 1, "must be in [0, 1].");
        Demand(of.WeightDecay, of.WeightDecay is >= 0 and < 10, "must be in [0, 10).");
        Demand(of.Clip, of.Clip is > 0 and <= LargestNorm, "must be in (0, 1e30].");
        Demand(of.ContentWeight, of.ContentWeight is >= 0 and < 1000, "must be in [0, 1000).");
    }

    private static void CheckSaving(TrainingOptions of)
    {
        Demand(of.ValidateEvery, of.ValidateEvery is >= 1 and <= MostSteps, $"must be in 1..{MostSteps} steps.");
        Demand(of.ValidationRows, of.ValidationRows is >= 1 and <= MostRows, $"must be in 1..{MostRows}.");
        Demand(of.CheckpointSeconds, of.CheckpointSeconds is > 0 and <= MostSeconds, $"must be in (0, {MostSeconds}].");
        Demand(of.Keep, of.Keep is >= 1 and <= 1000, "must be in 1..1000 checkpoints.");
    }

    private static void Demand(string option, IReadOnlyList<string> paths, string rule)
    {
        foreach (var path in paths)
        {
            Demand(path, IsPath(path), rule, option);
        }
    }

    private static void Demand(object? value, bool holds, string rule, [CallerArgumentExpression(nameof(value))] string option = "")
    {
        if (!holds)
        {
            option = option[(option.IndexOf('.', StringComparison.Ordinal) + 1)..];
            throw new ArgumentException($"{option} = {Shown.Text(Convert.ToString(value, CultureInfo.InvariantCulture))}: {rule}", option);
        }
    }
}
