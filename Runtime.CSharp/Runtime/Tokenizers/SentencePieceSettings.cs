namespace A3.Runtime.Tokenizers;

/// <summary>The part of a SentencePiece <c>TrainerSpec</c> that encoding depends on; the defaults are the format's.</summary>
internal sealed record SentencePieceTraining
{
    private const int Unigram = 1;
    private const int BytePair = 2;

    public int ModelType { get; init; } = Unigram;

    public bool SpaceIsSuffix { get; init; }

    public int Unknown { get; init; }

    public int Bos { get; init; } = 1;

    public int Eos { get; init; } = 2;

    public static SentencePieceTraining Read(IEnumerable<ProtobufField> fields)
        => fields.Aggregate(new SentencePieceTraining(), (training, field) => field.Number switch
        {
            3 => training with { ModelType = (int)field.Scalar },
            24 => training with { SpaceIsSuffix = field.Flag },
            40 => training with { Unknown = (int)field.Scalar },
            41 => training with { Bos = (int)field.Scalar },
            42 => training with { Eos = (int)field.Scalar },
            _ => training,
        });

    /// <exception cref="TokenizerException">The model is of a kind that is not supported.</exception>
    public void Check(string file, int pieces)
    {
        var rule = this switch
        {
            _ when pieces == 0 => "no pieces; a SentencePiece model has at least one.",
            _ when pieces > TokenTable.LargestId + 1 => $"{pieces} pieces, but at most {TokenTable.LargestId + 1} are read.",
            { ModelType: not BytePair } => $"model type {ModelType}, but only {BytePair} (BPE) is supported.",
            { SpaceIsSuffix: true } => "treat_whitespace_as_suffix is not supported.",
            _ => null,
        };
        if (rule is not null)
        {
            throw new TokenizerException(file, "trainer_spec", rule);
        }
    }
}

/// <summary>The part of a SentencePiece <c>NormalizerSpec</c> that encoding depends on; the defaults are the format's.</summary>
internal sealed record SentencePieceNormalization
{
    public bool AddsLeadingSpace { get; init; } = true;

    public bool RemovesExtraSpaces { get; init; } = true;

    public bool EscapesSpaces { get; init; } = true;

    public int CharacterMap { get; init; }

    public INormalizer Steps
    {
        get
        {
            var escape = new Replace(" ", "\u2581");
            return AddsLeadingSpace ? new NormalizerSequence([new Prepend("\u2581"), escape]) : escape;
        }
    }

    public static SentencePieceNormalization Read(IEnumerable<ProtobufField> fields)
        => fields.Aggregate(new SentencePieceNormalization(), (normalization, field) => field.Number switch
        {
            2 => normalization with { CharacterMap = field.Bytes.Length },
            3 => normalization with { AddsLeadingSpace = field.Flag },
            4 => normalization with { RemovesExtraSpaces = field.Flag },
            5 => normalization with { EscapesSpaces = field.Flag },
            _ => normalization,
        });

    /// <exception cref="TokenizerException">The model changes texts in a way that is not supported.</exception>
    public void Check(string file)
    {
        var rule = this switch
        {
            { CharacterMap: > 0 } => "a character map (nmt_nfkc and the like) is not supported, only identity.",
            { RemovesExtraSpaces: true } => "remove_extra_whitespaces is not supported.",
            { EscapesSpaces: false } => "escape_whitespaces = false is not supported.",
            _ => null,
        };
        if (rule is not null)
        {
            throw new TokenizerException(file, "normalizer_spec", rule);
        }
    }
}
