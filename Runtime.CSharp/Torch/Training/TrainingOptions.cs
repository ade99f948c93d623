namespace A3;

/// <summary>Everything that decides a training run; written into the run's manifest, from which it resumes.</summary>
public sealed record TrainingOptions
{
    /// <summary>Positions that a fresh network can hold, where <see cref="Context"/> does not say.</summary>
    public const int StandardContext = 256;

    /// <summary>Positions of the longest sequence of any run: a mask of more rows has over 2^31 entries.</summary>
    public const int LongestContext = 46340;

    /// <summary>
    /// Text files, in which lines <c>&lt;|endoftext|&gt;</c> separate documents, or each file is one; or JSON lines, in which each line is one:
    /// by name (<c>.jsonl</c>, <c>.ndjson</c>, <c>.jsonl.txt</c>), or a <c>.json</c> whose first line is a JSON object.
    /// </summary>
    public required IReadOnlyList<string> Data { get; init; }

    /// <summary>The directory of the run: checkpoint, state, metrics.</summary>
    public required string Output { get; init; }

    /// <summary>Files that are never trained on; empty for no validation.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>The field of JSON lines that holds the text.</summary>
    public string Field { get; init; } = "text";

    /// <summary>What becomes of lines without usable text.</summary>
    public BrokenLines BrokenLines { get; init; } = BrokenLines.Fail;

    /// <summary>
    /// The folder of token caches, which runs may share; null for one in the run's own directory. A cache takes four bytes per token.
    /// </summary>
    public string? Cache { get; init; }

    /// <summary>Whether several documents share a sequence, without seeing each other, in place of padding.</summary>
    public bool Pack { get; init; }

    /// <summary>The curriculum, a built-in name or its text form.</summary>
    public string Curriculum { get; init; } = "paper";

    /// <summary>A LLaMA or A3 checkpoint to start from, with its tokenizer and architecture; null to start from random weights.</summary>
    public string? Initial { get; init; }

    /// <summary>
    /// What the query stream starts from; null for what it does in the initial checkpoint, where that is causal for
    /// <see cref="QueryStart.Preceding"/>, with which it is at once as good left to right, and in a fresh network for <see cref="QueryStart.Learned"/>.
    /// </summary>
    public QueryStart? QueryStart { get; init; }

    /// <summary>
    /// What trains: `all`; or, with an initial checkpoint whose other weights are frozen, `lora` for low-rank additions to the matrices of
    /// all blocks, and names or patterns of tensors, separated by spaces (`model.query_embed *norm*`). A query embedding that the
    /// initial checkpoint lacks trains in any case.
    /// </summary>
    public string Train { get; init; } = Tensors.TrainableModule.all;

    /// <summary>Rank of low-rank additions.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Low-rank additions are multiplied by this over their rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>A directory whose tokenizer is used; null to train one on <see cref="Data"/>.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Size of a freshly trained vocabulary, special tokens and bytes included.</summary>
    public int Vocabulary { get; init; } = 2048;

    /// <summary>Width of the hidden states.</summary>
    public int Width { get; init; } = 192;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 6;

    /// <summary>Attention heads; must divide the width into even parts.</summary>
    public int Heads { get; init; } = 6;

    /// <summary>
    /// Longest sequence, in tokens, BOS included, 8..46340; null for what the initial checkpoint can hold (a fresh network 256), that and a batch permitting.
    /// </summary>
    public int? Context { get; init; }

    /// <summary>How many tokens the run sees, padding not counted: what shares of the run, its stages and its learning rate, are counted by.</summary>
    public long Tokens { get; init; } = 1_000_000;

    /// <summary>
    /// How many tokens the run sees in all, where it was extended beyond <see cref="Tokens"/>; null where it was not. Up to <see cref="Tokens"/>
    /// nothing changes; beyond, the run goes on as it ended: in the last stage, at its end, at the final learning rate.
    /// </summary>
    public long? ExtendedTo { get; init; }

    /// <summary>Tokens of one forward and backward pass, padding counted.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>Passes whose gradients make one optimizer step: as a batch so many times as large, in the memory of one.</summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>
    /// Passes of a step that run at a time on the CPU, each with its share of the threads and memory of its own. Results do not depend on it
    /// where a pass has one thread either way.
    /// </summary>
    public int ParallelMicroBatches { get; init; } = 1;

    /// <summary>Whether blocks are computed once more on the way back in place of being kept: a third more work, a fraction of the memory.</summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>The number type of passes; weights that train, moments and losses are float32 in any case.</summary>
    public NumberType Compute { get; init; } = NumberType.Float32;

    /// <summary>Share of rows cut to a run of whole sentences, so that texts of every length and start occur.</summary>
    public double Crop { get; init; } = 0.3;

    /// <summary>The peak learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Share of the run over which the learning rate rises from 0.</summary>
    public double Warmup { get; init; } = 0.02;

    /// <summary>Share of the peak that is left of the learning rate at the end of the run.</summary>
    public double FinalRate { get; init; } = 0.1;

    /// <summary>How weights move along their gradient.</summary>
    public Optimizer Optimizer { get; init; } = Optimizer.AdamW;

    /// <summary>Decay of matrices, per unit of learning rate.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest norm of the gradient; larger ones are scaled down to it.</summary>
    public double Clip { get; init; } = 1.0;

    /// <summary>Weight of the content stream's causal loss, wherever a sequence begins with singletons left to right.</summary>
    public double ContentWeight { get; init; }

    /// <summary>
    /// Whether the content stream learns what the initial checkpoint predicts, in place of what the text says: so its causal ability is kept rather than
    /// lost and learned again (Li and Hoiem, Learning without Forgetting, 2016).
    /// </summary>
    public bool Distil { get; init; }

    /// <summary>
    /// With <see cref="Distil"/>, the share of their loss by which queries that see every token before them, as those of a gap filled left to
    /// right do, learn the same. Of use while they are lost among what else they see; at the end it keeps them from using it.
    /// </summary>
    public double DistilQueries { get; init; }

    /// <summary>Seed of weights, data order and draws.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Seconds between checkpoints.</summary>
    public double CheckpointSeconds { get; init; } = 120;

    /// <summary>How many of the last checkpoints are kept; the best by validation loss is kept besides.</summary>
    public int Keep { get; init; } = 2;

    /// <summary>Steps between validations.</summary>
    public int ValidateEvery { get; init; } = 200;

    /// <summary>Validation rows, taken from the front of the validation documents.</summary>
    public int ValidationRows { get; init; } = 64;

    /// <summary>Number type of the saved weights.</summary>
    public NumberType SavedAs { get; init; } = NumberType.Float32;

    /// <summary>Where the run computes.</summary>
    public Device Device { get; init; } = Device.Auto;

    /// <summary>Tokens of the run, however often it was extended.</summary>
    internal long AllTokens => ExtendedTo ?? Tokens;

    /// <summary>Whether the initial checkpoint is read throughout the run, not only at its start.</summary>
    internal bool ReadsInitial => Train != Tensors.TrainableModule.all || Distil;

    /// <summary>The options with whole paths, for a run that may be resumed from another folder.</summary>
    internal TrainingOptions WithWholePaths() => this with
    {
        Data = [.. Data.Select(Path.GetFullPath)],
        Validation = [.. Validation.Select(Path.GetFullPath)],
        Initial = Initial is null ? null : Path.GetFullPath(Initial),
        Tokenizer = Tokenizer is null ? null : Path.GetFullPath(Tokenizer),
        Cache = Cache is null ? null : Path.GetFullPath(Cache),
    };
}
