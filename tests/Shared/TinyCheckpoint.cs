using A3.Model;
using Microsoft.FSharp.Core;

namespace A3.Tests;

/// <summary>A whole checkpoint directory of some thousand drawn weights: configuration, weights, tokenizer.</summary>
internal static class TinyCheckpoint
{
    private static readonly string[] Texts =
        ["Tom had a red ball. He was very happy.", "Tom had a small cat. She was very happy."];

    /// <summary>Writes one into a folder and gives its path.</summary>
    public static string In(Folder folder, bool queryStream = true, int? vocabulary = null)
    {
        var tokenizer = BpeTrainer.Train(Texts, 300, null, CancellationToken.None);
        var whole = ArchitectureModule.create(vocabulary ?? tokenizer.VocabularySize, 16, 2, 2, 64);
        var architecture = queryStream ? whole : ArchitectureModule.withoutQueryStream(whole);
        var bos = FSharpOption<int>.Some(tokenizer.BosId!.Value);
        var precision = FSharpOption<NumberType>.Some(NumberType.Float32);
        var configuration = new Configuration(architecture, bos, [], null, null, precision);
        var random = new Random(7);
        Checkpoint.Save(folder.Path, configuration, Dtype.Float32, (parameter, sink) =>
        {
            var count = parameter.Shape.Aggregate(1, (product, side) => product * side);
            sink.Append([.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))]);
        });
        tokenizer.Save(folder.Path);
        return folder.Path;
    }
}
