namespace A3.Tests;

/// <summary>A model of the whole API without weights: a small trained tokenizer over a <see cref="FakeNetwork"/>.</summary>
internal static class TestModel
{
    public static readonly ITokenizer Tokenizer =
        BpeTrainer.Train(["Tom had a red ball. He was very happy. Tom had a ball."], 300, null, CancellationToken.None);

    public static A3Model Fake(bool queryStream = true, int context = 64, LoadOptions? options = null) =>
        new(new FakeNetwork(Tokenizer.VocabularySize, context, queryStream), Tokenizer, options);
}
