using Xunit;

namespace A3.Runtime.Tests.Tokenizers;

public sealed class SentencePieceTests
{
    private const int FirstByte = 3;
    private const int First = 259;

    [Fact]
    public void The_best_score_merges_first_and_equal_scores_from_left_to_right()
    {
        // ▁ 259, a 260, b 261, c 262, bc 263 (best), ab 264, aa 265
        var tokenizer = Letters().Piece("bc", -1).Piece("ab", -2).Piece("aa", -2).Trainer(2).Normalizer().Load();

        Assert.Equal([First, First + 1, First + 4], tokenizer.Encode("abc", addBos: false));
        Assert.Equal([First, First + 5, First + 1], tokenizer.Encode("aba", addBos: false));
        Assert.Equal([First, First + 6, First + 2], tokenizer.Encode("aab", addBos: false));
    }

    [Fact]
    public void Begin_and_end_are_the_trainer_s_control_pieces_and_are_not_read_from_texts()
    {
        var tokenizer = Letters().Trainer(2).Normalizer().Load();

        Assert.Equal((1, 2, true), (tokenizer.BosId, tokenizer.EosId, tokenizer.IsSpecial(0)));
        Assert.Equal([1, First, First + 1], tokenizer.Encode("a", addBos: true));
        Assert.Equal("<s>a", tokenizer.Decode(tokenizer.Encode("<s>a", addBos: true)));
    }

    [Fact]
    public void A_negative_id_of_the_trainer_means_none()
    {
        var tokenizer = Letters().Trainer(2, (41, ulong.MaxValue), (42, ulong.MaxValue)).Normalizer().Load();

        Assert.Equal((null, null), (tokenizer.BosId, tokenizer.EosId));
    }

    [Fact]
    public void User_defined_pieces_are_found_in_the_text_before_any_merge()
    {
        var tokenizer = Letters().Piece("ab", -1).Piece("bc", 0, kind: 4).Trainer(2).Normalizer().Load();

        Assert.Equal([First, First + 1, First + 5], tokenizer.Encode("abc", addBos: false));
    }

    [Fact]
    public void No_space_is_added_where_the_normalizer_adds_none()
    {
        var tokenizer = Letters().Trainer(2).Normalizer(addsSpace: false).Load();

        Assert.False(tokenizer.AddsLeadingSpace);
        Assert.Equal([First + 1], tokenizer.Encode("a", addBos: false));
        Assert.Equal(" a", tokenizer.Decode(tokenizer.Encode(" a", addBos: false)));
    }

    [Fact]
    public void A_saved_model_is_the_file_it_was_read_from()
    {
        var content = Letters().Trainer(2).Normalizer().ToArray();
        using var folder = new Folder();
        SentencePieceFile.Load(content).Save(folder.Path);

        Assert.Equal(content, File.ReadAllBytes(folder.File("tokenizer.model")));
        Assert.Equal([FirstByte + 0xC3, FirstByte + 0xA9], Tokenizer.Load(folder.Path).EncodeContinuation("é"));
    }

    [Fact]
    public void A_saved_model_is_the_one_that_is_loaded_even_where_another_tokenizer_was()
    {
        using var folder = new Folder();
        BpeTrainer.Train([], BpeTrainer.SmallestVocabulary, null, TestContext.Current.CancellationToken).Save(folder.Path);
        var tokenizer = Letters().Trainer(2).Normalizer().Load();
        tokenizer.Save(folder.Path);

        Assert.Equal(["tokenizer.model"], folder.Names);
        Assert.Equal(tokenizer.Encode("ab", addBos: true), Tokenizer.Load(folder.Path).Encode("ab", addBos: true));
    }

    private static SentencePieceFile Letters()
        => SentencePieceFile.Standard().Piece("▁", -9).Piece("a", -9).Piece("b", -9).Piece("c", -9);
}
