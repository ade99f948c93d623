using System.Text;

namespace A3.Runtime.Tokenizers;

/// <summary>Reads a Hugging Face <c>tokenizer.json</c> with a BPE model; a step of an unknown kind is an error.</summary>
/// <remarks>Truncation and padding belong to whoever batches texts: what a file says about them is not applied.</remarks>
internal static class HuggingFaceReader
{
    public const string FileName = "tokenizer.json";

    private const long MostBytes = 1 << 27;

    /// <summary>The parts of a tokenizer; BOS and EOS only as far as this file names them.</summary>
    /// <exception cref="TokenizerException">The file breaks the format, or asks for something that is not supported.</exception>
    public static TokenizerParts Read(string file, byte[] content)
    {
        var root = JsonPlace.Parse(file, content);
        var (normalizer, preTokenizer) = (root["normalizer"], root["pre_tokenizer"]);
        var normalization = normalizer.Missing ? null : NormalizerReader.Read(normalizer);
        var words = preTokenizer.Missing ? default : PreTokenizerReader.Read(preTokenizer);
        var decoding = DecoderReader.Read(root["decoder"]);
        if (words.ByteLevel != decoding.ByteLevel)
        {
            throw root["decoder"].Fail("The pre-tokenizer and the decoder must both be byte-level, or neither.");
        }

        var vocabulary = VocabularyReader.Vocabulary(root["model"]["vocab"]);
        var added = AddedTokenReader.Read(root["added_tokens"], vocabulary, normalization);
        var tokens = Tokens(root["decoder"], vocabulary, added, decoding);
        var template = TemplateReader.Read(root["post_processor"], tokens.Count);
        var marks = added.Where(token => token.Special).Select(token => token.Id).ToHashSet();
        return new TokenizerParts
        {
            Source = file,
            Tokens = tokens,
            Model = ModelReader.Read(root["model"], vocabulary, marks, words.ByteLevel),
            Normalizer = normalization,
            PreTokenizer = words.Steps,
            Added = added,
            Prefix = template.Before,
            BosId = template.Before is [var bos, ..] && tokens.IsSpecial(bos) ? bos : null,
            EosIds = template.After is [var eos, ..] && tokens.IsSpecial(eos) ? [eos] : [],
            AddsLeadingSpace = decoding.StripsSpace || words.PrefixSpace,
            Files = [(FileName, content)],
        };
    }

    private static TokenTable Tokens(
        JsonPlace decoder, IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added, Decoding decoding)
    {
        var size = 0L;
        var largest = vocabulary.Values.Concat(added.Select(token => token.Id)).Max();
        var tokens = new TokenTable(largest + 1);
        foreach (var (entry, id) in vocabulary)
        {
            tokens.SetText(id, decoding.Bytes(entry));
            if ((size += tokens.Bytes(id).Length) > MostBytes)
            {
                throw decoder.Fail($"its replacements make more than {MostBytes} bytes of the vocabulary.");
            }
        }

        foreach (var token in added)
        {
            if (token.Special)
            {
                tokens.SetSpecial(token.Id, token.Content);
            }
            else
            {
                tokens.SetText(token.Id, Encoding.UTF8.GetBytes(token.Content));
            }
        }

        return tokens;
    }
}
