using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

public sealed class BpeTrainerTests
{
    private const int A = 3 + 'a';
    private const int B = 3 + 'b';

    [Fact]
    public void The_most_frequent_pair_merges_first_and_ties_go_to_the_smallest_ids()
    {
        // " ab" x 3, " cd" x 3, " ba" x 2: "ab", "cd" and their spaces are equally frequent; the space has the smallest id.
        var tokenizer = Train(["ab ab ab ab", " cd cd cd", " ba ba"], 262);

        Assert.Equal(["ab", " c", " ab"], [tokenizer.TokenText(259), tokenizer.TokenText(260), tokenizer.TokenText(261)]);
    }

    [Fact]
    public void A_pair_that_occurs_once_is_not_learned()
    {
        var tokenizer = Train(["abcdefg"], 4096);

        Assert.Equal(BpeTrainer.SmallestVocabulary, tokenizer.VocabularySize);
        Assert.Equal([A, B], tokenizer.Encode("ab", addBos: false));
    }

    [Fact]
    public void Overlapping_pairs_are_counted_after_each_merge_as_they_stand()
    {
        // aaaa aaaa -> (aa)(aa): "aa" first, then "aaaa"; nothing is left to merge.
        var tokenizer = Train(["aaaa", "aaaa"], 4096);

        Assert.Equal(["aa", "aaaa"], [tokenizer.TokenText(259), tokenizer.TokenText(260)]);
        Assert.Equal(261, tokenizer.VocabularySize);
        Assert.Equal([260, 259, A], tokenizer.Encode("aaaaaaa", addBos: false));
    }

    [Fact]
    public void Training_does_what_counting_all_pairs_after_each_merge_does()
    {
        var words = Gen.Elements('a', 'b', 'c').ListOf().Select(letters => string.Concat(letters)).ListOf().Select(list => list.ToArray());
        Prop.ForAll(words.ToArbitrary(), list =>
        {
            var merges = JsonNode.Parse(Saved(Train(list, 280)))!["model"]!["merges"]!.AsArray();
            return merges.Select(merge => merge!.GetValue<string>()).SequenceEqual(Reference(list, 280));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Training_does_not_depend_on_the_order_of_the_texts()
    {
        string[] texts = ["One day, Tim saw a dog.", "The dog saw Tim.", "One dog, one day. ünï", "Tim and a dog, 12345 12345"];
        var forward = Saved(Train(texts, 300));
        var backward = Saved(Train([.. texts.Reverse()], 300));

        Assert.Equal(forward, backward);
    }

    [Fact]
    public void Special_tokens_and_bytes_are_always_there()
    {
        var tokenizer = Train([], BpeTrainer.SmallestVocabulary);

        Assert.Equal((1, 2), (tokenizer.BosId, tokenizer.EosId));
        Assert.Equal(["<pad>", "<s>", "</s>"], [tokenizer.TokenText(0), tokenizer.TokenText(1), tokenizer.TokenText(2)]);
        Assert.All([0, 1, 2], id => Assert.True(tokenizer.IsSpecial(id) && tokenizer.TokenBytes(id).IsEmpty));
        Assert.All(Enumerable.Range(0, 256), value => Assert.Equal([(byte)value], tokenizer.TokenBytes(3 + value).ToArray()));
        Assert.Equal([1, 3 + 0xC3, 3 + 0xA9], tokenizer.Encode("é", addBos: true));
    }

    [Fact]
    public void The_vocabulary_holds_at_least_the_bytes()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Train([], 258));

        Assert.Contains("A vocabulary of 258, but a trained one has 259 to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_can_be_cancelled_between_texts()
    {
        using var source = new CancellationTokenSource();
        IEnumerable<string> Texts()
        {
            yield return "one";
            source.Cancel();
            yield return "two";
        }

        Assert.Throws<OperationCanceledException>(() => BpeTrainer.Train(Texts(), 300, null, source.Token));
    }

    [Fact]
    public void A_word_without_any_border_is_learned_from_in_reasonable_time()
    {
        var tokenizer = Train([new string('a', 1_000_000)], 300);

        Assert.Equal("aaaaaaaa", tokenizer.TokenText(261));
    }

    /// <summary>Words of letters only, so that each text is one word.</summary>
    private static List<string> Reference(string[] texts, int vocabularySize)
    {
        var words = texts.Select(text => text.Select(letter => (Id: 3 + letter, Text: letter.ToString())).ToList()).ToList();
        var ids = words.SelectMany(word => word).Distinct().ToDictionary(token => token.Text, token => token.Id);
        var merges = new List<string>();
        for (var next = BpeTrainer.SmallestVocabulary; next < vocabularySize;)
        {
            var best = words
                .SelectMany(word => word.Zip(word.Skip(1)))
                .CountBy(pair => pair)
                .Where(pair => pair.Value > 1)
                .OrderByDescending(pair => pair.Value)
                .ThenBy(pair => pair.Key.First.Id)
                .ThenBy(pair => pair.Key.Second.Id)
                .FirstOrDefault();
            if (best.Value == 0)
            {
                break;
            }

            var (left, right) = best.Key;
            var merged = left.Text + right.Text;
            ids.TryAdd(merged, next);
            next += ids[merged] == next ? 1 : 0;
            merges.Add($"{left.Text} {right.Text}");
            foreach (var word in words)
            {
                for (var index = 0; index + 1 < word.Count; index++)
                {
                    if (word[index] == left && word[index + 1] == right)
                    {
                        word[index] = (ids[merged], merged);
                        word.RemoveAt(index + 1);
                    }
                }
            }
        }

        return merges;
    }

    private static string Saved(ITokenizer tokenizer)
    {
        using var folder = new Folder();
        tokenizer.Save(folder.Path);
        Assert.Equal(["tokenizer.json", "tokenizer_config.json"], folder.Names);
        return File.ReadAllText(folder.File("tokenizer.json"));
    }

    private static ITokenizer Train(IEnumerable<string> texts, int vocabularySize)
        => BpeTrainer.Train(texts, vocabularySize, null, TestContext.Current.CancellationToken);
}
