using System.Text.Json;
using System.Text.Json.Nodes;
using A3.Model;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Xunit;

namespace A3.Runtime.Tests;

public sealed class ConfigurationTests
{
    private const string Minimal = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 96, "hidden_size": 32,
         "intermediate_size": 88, "num_hidden_layers": 3, "num_attention_heads": 4}
        """;

    [Fact]
    public void Parsing_what_was_printed_gives_the_configuration_back() =>
        Check.One(
            Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500),
            Prop.ForAll(Configurations(), given => Parse(ConfigurationModule.print(given)).Equals(given)));

    [Fact]
    public void Any_text_is_a_configuration_or_an_error() =>
        Check.One(
            Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(500),
            Prop.ForAll(ArbMap.Default.ArbFor<string>(), text => text is null || !ConfigurationModule.parse(text).IsOk));

    [Fact]
    public void Any_value_under_any_key_gives_a_configuration_or_an_error()
    {
        string[] keys = [.. JsonNode.Parse(ConfigurationModule.print(Parse(Minimal)))!.AsObject().Select(entry => entry.Key)];
        string[] values = ["null", "true", "-1", "0", "7", "2147483647", "1e40", "1.5", "\"llama3\"", "[]", "[1]", "{}", "{\"factor\":0}"];
        var changes = Gen.Elements(keys).Zip(Gen.Elements(values)).ArrayOf()
            .Select(pairs => pairs.DistinctBy(pair => pair.Item1).Select(pair => $"\"{pair.Item1}\":{pair.Item2}"));
        Check.One(
            Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000),
            Prop.ForAll(changes.ToArbitrary(), pairs =>
            {
                var parsed = ConfigurationModule.parse(With($"{{{string.Join(',', pairs)}}}"));
                return parsed.IsError || Parse(ConfigurationModule.print(parsed.ResultValue)).Equals(parsed.ResultValue);
            }));
    }

    [Fact]
    public void Keys_that_are_missing_mean_what_they_mean_to_Hugging_Face()
    {
        var configuration = Parse(Minimal);
        var architecture = configuration.Architecture;
        Assert.Equal(4, architecture.KvHeads);
        Assert.Equal(8, architecture.HeadWidth);
        Assert.Equal(2048, architecture.Context);
        Assert.Equal(1e-6, architecture.NormEpsilon);
        Assert.Equal(10000.0, architecture.RopeBase);
        Assert.True(architecture.RopeScaling.IsUnscaled);
        Assert.False(architecture.TiedHead);
        Assert.True(architecture.Residual.IsPreNorm);
        Assert.True(architecture.QueryStream.IsAbsent);
        Assert.Equal(FSharpOption<int>.Some(1), configuration.Bos);
        Assert.Equal([2], configuration.Eos);
        Assert.Null(configuration.Pad);
        Assert.Null(configuration.Precision);
    }

    [Theory]
    [InlineData("LlamaForCausalLM", null, false, "PreNorm")]
    [InlineData("LlamaForCausalLM", "reference", false, "Reference")]
    [InlineData("LlamaTwoStreamForCausalLM", null, true, "Reference")]
    [InlineData("LlamaTwoStreamForCausalLM", "pre_norm", true, "PreNorm")]
    [InlineData("LlamaTwoStreamForCausalLM", "reference", true, "Reference")]
    public void Class_and_residual_say_which_network_it_is(
        string name,
        string? residual,
        bool twoStream,
        string expected)
    {
        var architecture = Parse(With(("architectures", new JsonArray(name)), ("a3_residual", residual))).Architecture;
        Assert.Equal(twoStream, architecture.QueryStream.IsLearned);
        Assert.Equal(expected, architecture.Residual.ToString());
    }

    [Theory]
    [InlineData(null, "Learned")]
    [InlineData("learned", "Learned")]
    [InlineData("preceding", "Preceding")]
    public void A_query_starts_from_what_the_configuration_says(string? start, string expected) =>
        Assert.Equal(
            expected,
            Parse(With(("architectures", new JsonArray("LlamaTwoStreamForCausalLM")), ("a3_query", start))).Architecture.QueryStream.ToString());

    [Fact]
    public void RoPE_is_read_from_every_layout_that_Hugging_Face_wrote()
    {
        var llama3 = RopeScaling.NewLlama3(8, 1, 4, 8192);
        const string Factors = """ "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192""";
        Assert.Equal(llama3, Rope($$"""{"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", {{Factors}} } }"""));
        Assert.Equal(llama3, Rope($$"""{"rope_parameters": {"rope_theta": 500000, "rope_type": "llama3", {{Factors}} } }"""));
        Assert.Equal(RopeScaling.NewLinear(2), Rope("""{"rope_theta": 500000, "rope_scaling": {"type": "linear", "factor": 2}}"""));
        Assert.Equal(RopeScaling.Unscaled, Rope("""{"rope_theta": 5e5, "rope_scaling": {"rope_type": "default"}}"""));
        Assert.Equal(RopeScaling.Unscaled, Rope("""{"rope_theta": 5e5, "rope_scaling": null, "rope_parameters": null}"""));
        Assert.Equal(RopeScaling.Unscaled, Rope("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}"""));

        // Both at once, as conversions write them: each is read, and what only one of them says counts.
        Assert.Equal(llama3, Rope($$"""{"rope_scaling": {"rope_type": "llama3", {{Factors}} }, "rope_parameters": {"rope_theta": 500000.0} }"""));
        Assert.Equal(llama3, Rope($$"""{"rope_scaling": {"rope_theta": 5e5}, "rope_parameters": {"rope_type": "llama3", {{Factors}} } }"""));
        Assert.Equal(llama3, Rope($$"""{"rope_theta": 5e5, "rope_scaling": {"type": "llama3", "rope_type": "llama3", {{Factors}} }, "rope_parameters": {"rope_theta": 500000, "rope_type": "llama3", {{Factors}} } }"""));
        Assert.Equal(RopeScaling.Unscaled, Rope("""{"rope_scaling": {"type": "default"}, "rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}"""));

        static RopeScaling Rope(string keys)
        {
            var architecture = Parse(With(keys)).Architecture;
            Assert.Equal(500000.0, architecture.RopeBase);
            return architecture.RopeScaling;
        }
    }

    [Theory]
    [InlineData("""{"eos_token_id": [2, 5, 7], "bos_token_id": [3], "pad_token_id": -1}""", 3, new[] { 2, 5, 7 })]
    [InlineData("""{"eos_token_id": null, "bos_token_id": null}""", null, new int[0])]
    [InlineData("""{"eos_token_id": 95}""", 1, new[] { 95 })]
    public void Special_tokens_are_one_several_or_none(string keys, int? bos, int[] eos)
    {
        var configuration = Parse(With(keys));
        Assert.Equal(bos is { } id ? FSharpOption<int>.Some(id) : FSharpOption<int>.None, configuration.Bos);
        Assert.Equal(eos, configuration.Eos);
        Assert.Null(configuration.Pad);
    }

    [Theory]
    [InlineData("1000", 1000)]
    [InlineData("[96]", 96)]
    [InlineData("-100", -100)]
    [InlineData("-1", null)]
    [InlineData("4294967295", null)]
    [InlineData("null", null)]
    public void Padding_may_be_outside_the_vocabulary(string given, int? expected)
    {
        var configuration = Parse(With($$"""{"pad_token_id": {{given}}}"""));
        Assert.Equal(expected is { } id ? FSharpOption<int>.Some(id) : FSharpOption<int>.None, configuration.Pad);
        Assert.Equal(configuration, Parse(ConfigurationModule.print(configuration)));
    }

    [Theory]
    [InlineData("torch_dtype")]
    [InlineData("dtype")]
    public void Precision_is_read_under_its_old_name_and_its_new_one(string key) =>
        Assert.Equal(FSharpOption<NumberType>.Some(NumberType.BFloat16), Parse(With((key, "bfloat16"))).Precision);

    [Theory]
    [InlineData("""{"attention_bias": true}""", "attention_bias = true is not supported; supported: false.")]
    [InlineData("""{"mlp_bias": true}""", "mlp_bias = true is not supported; supported: false.")]
    [InlineData("""{"hidden_act": "gelu"}""", "hidden_act = \"gelu\" is not supported; supported: \"silu\".")]
    [InlineData("""{"model_type": "mistral"}""", "model_type = \"mistral\" is not supported; supported: \"llama\".")]
    [InlineData("""{"model_type": null}""", "model_type is missing")]
    [InlineData("""{"architectures": ["MistralForCausalLM"]}""", "architectures = [\"MistralForCausalLM\"] is not supported; supported: LlamaForCausalLM, LlamaTwoStreamForCausalLM.")]
    [InlineData("""{"architectures": []}""", "architectures = [] is not supported")]
    [InlineData("""{"quantization_config": {"bits": 4}}""", "quantization_config = {\"bits\":4} is not supported; supported: none but null; take a checkpoint without it.")]
    [InlineData("""{"partial_rotary_factor": 0.5}""", "partial_rotary_factor = 0.5 is not supported")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 2}}""", "rope_type = \"yarn\" is not supported; supported: default, linear, llama3.")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear"}}""", "factor is missing")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "factor": 0.5}}""", "rope_scaling.factor = 0.5: must be at least 1")]
    [InlineData("""{"rope_scaling": 3}""", "rope_scaling = 3: must be an object.")]
    [InlineData("""{"a3_residual": "post_norm"}""", "a3_residual = \"post_norm\" is not supported; supported: pre_norm, reference.")]
    [InlineData("""{"a3_residual": 3}""", "a3_residual = 3 is not supported")]
    [InlineData("""{"a3_query": "preceding"}""", "a3_query = preceding: only a LlamaTwoStreamForCausalLM has queries.")]
    [InlineData("""{"a3_query": "following"}""", "a3_query = \"following\" is not supported; supported: learned, preceding.")]
    [InlineData("""{"torch_dtype": "float8"}""", "torch_dtype = \"float8\" is not supported; supported: float32, bfloat16, float16.")]
    [InlineData("""{"vocab_size": null}""", "vocab_size is missing, and it has no default.")]
    [InlineData("""{"vocab_size": "96"}""", "vocab_size = \"96\": must be an integer of 32 bits.")]
    [InlineData("""{"vocab_size": 96.5}""", "vocab_size = 96.5: must be an integer of 32 bits.")]
    [InlineData("""{"vocab_size": 1e30}""", "vocab_size = 1e30: must be an integer of 32 bits.")]
    [InlineData("""{"vocab_size": 2147483647}""", "vocab_size = 2147483647: must be in 1..16777216.")]
    [InlineData("""{"num_hidden_layers": -1}""", "num_hidden_layers = -1: must be in 1..")]
    [InlineData("""{"num_hidden_layers": 16777216}""", "num_hidden_layers = 16777216: must be at most 4096.")]
    [InlineData("""{"num_attention_heads": 0}""", "num_attention_heads = 0: must be in 1..")]
    [InlineData("""{"num_attention_heads": 5}""", "hidden_size = 32: must be a multiple of num_attention_heads = 5 where head_dim is not given.")]
    [InlineData("""{"num_attention_heads": 16777216, "head_dim": 16777216}""", "head_dim = 16777216: times num_attention_heads = 16777216 must be at most 16777216.")]
    [InlineData("""{"num_hidden_layers": 4096, "hidden_size": 16777216, "intermediate_size": 16777216}""", "parameters = ")]
    [InlineData("""{"num_key_value_heads": 3}""", "num_key_value_heads = 3: must divide num_attention_heads = 4.")]
    [InlineData("""{"num_key_value_heads": 0}""", "num_key_value_heads = 0: must be in 1..")]
    [InlineData("""{"head_dim": 7}""", "head_dim = 7: must be even")]
    [InlineData("""{"rms_norm_eps": 0}""", "rms_norm_eps = 0: must be above 0")]
    [InlineData("""{"rope_theta": 1e999}""", "rope_theta = 1e999: must be a finite number.")]
    [InlineData("""{"rope_theta": 0.5}""", "rope_theta = 0.5: must be a finite number above 1.")]
    [InlineData("""{"tie_word_embeddings": 1}""", "tie_word_embeddings = 1: must be true or false.")]
    [InlineData("""{"bos_token_id": 96}""", "bos_token_id = 96: must be a token, 0..95.")]
    [InlineData("""{"bos_token_id": [1, 2]}""", "bos_token_id = a list of 2 is not supported; supported: one token id.")]
    [InlineData("""{"eos_token_id": [2, -1]}""", "eos_token_id = -1: must be a token, 0..95.")]
    [InlineData("""{"eos_token_id": ["</s>"]}""", "eos_token_id = [\"\\u003C/s\\u003E\"]: must be an integer of 32 bits or a list, each entry an integer of 32 bits.")]
    [InlineData("""{"pad_token_id": [1, 2]}""", "pad_token_id = a list of 2 is not supported; supported: one token id.")]
    [InlineData("""{"pad_token_id": "0"}""", "pad_token_id = \"0\": must be an integer")]
    [InlineData("""{"a3_first_token": 96}""", "a3_first_token = 96: must be a token, 0..95.")]
    [InlineData("""{"a3_first_token": [5]}""", "a3_first_token = [5]: must be an integer of 32 bits.")]
    [InlineData("""{"a3_first_token": 5}""", "a3_first_token = 5: only a LlamaTwoStreamForCausalLM has texts begin with a token of their own.")]
    [InlineData("""{"rope_theta": 10000, "rope_parameters": {"rope_theta": 5e5}}""", "rope_theta = 10000, but rope_parameters.rope_theta = 500000: they say the same thing, so they must agree, or one be left out.")]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2, "rope_theta": 1e4}}""", "rope_theta = 500000, but rope_scaling.rope_theta = 10000")]
    [InlineData("""{"rope_scaling": {"rope_theta": 1e4}, "rope_parameters": {"rope_theta": 5e5}}""", "rope_theta = 10000, but rope_parameters.rope_theta = 500000")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_type": "linear", "factor": 4}}""", "rope_scaling = linear 2, but rope_parameters = linear 4")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_type": "default"}}""", "rope_scaling = linear 2, but rope_parameters = default")]
    [InlineData("""{"rope_scaling": {"type": "linear", "rope_type": "default", "factor": 2}}""", "rope_type = default, but type = linear 2")]
    [InlineData("""{"rope_scaling": {"factor": 2}}""", "rope_type is missing")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "factor": 2}, "rope_parameters": {"partial_rotary_factor": 0.5}}""", "partial_rotary_factor = 0.5 is not supported")]
    public void What_we_do_not_compute_is_an_error_that_names_the_key(string keys, string expected) =>
        Assert.StartsWith(expected, Refused(With(keys)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"model_type": "llama", "model_type": "llama"}""")]
    [InlineData("""{"model_type": "\ud800"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("{\"rms_norm_eps\": NaN}")]
    public void What_is_no_JSON_object_is_an_error(string text) =>
        Assert.StartsWith("not a JSON object: ", Refused(text), StringComparison.Ordinal);

    [Fact]
    public void Half_a_surrogate_pair_in_the_text_itself_is_an_error() =>
        Assert.StartsWith("not a JSON object: ", Refused("{\"model_type\": \"\ud800\"}"), StringComparison.Ordinal);

    [Fact]
    public void An_error_is_one_line_however_long_the_value() =>
        Assert.True(Refused(With(("hidden_act", new string('x', 100_000)))).Length < 200);

    [Theory]
    [InlineData("causal-llama")]
    [InlineData("two-stream-pre-norm")]
    [InlineData("two-stream-reference")]
    public void A_printed_configuration_says_all_that_the_file_it_was_read_from_said(string fixture)
    {
        string file = File.ReadAllText(Path.Combine(Fixtures.Repository(fixture), "config.json"));
        var printed = JsonNode.Parse(ConfigurationModule.print(Parse(file)))!.AsObject();
        Assert.All(
            JsonNode.Parse(file)!.AsObject(),
            entry => Assert.True(JsonNode.DeepEquals(entry.Value, printed[entry.Key]), $"{entry.Key}: {printed[entry.Key]}"));
    }

    private static Configuration Parse(string text)
    {
        var parsed = ConfigurationModule.parse(text);
        Assert.True(parsed.IsOk, parsed.IsOk ? "" : parsed.ErrorValue.Message);
        return parsed.ResultValue;
    }

    private static string Refused(string text)
    {
        var parsed = ConfigurationModule.parse(text);
        Assert.True(parsed.IsError);
        Assert.DoesNotContain('\n', parsed.ErrorValue.Message);
        return parsed.ErrorValue.Message;
    }

    /// <summary>The minimal configuration with keys added or replaced; numbers keep their spelling.</summary>
    private static string With(string keys) =>
        With([.. JsonNode.Parse(keys)!.AsObject().Select(entry => (entry.Key, entry.Value?.DeepClone()))]);

    private static string With(params (string Key, JsonNode? Value)[] keys)
    {
        var json = JsonNode.Parse(Minimal)!.AsObject();
        foreach (var (key, value) in keys)
        {
            json[key] = value;
        }

        return json.ToJsonString(JsonSerializerOptions.Default);
    }

    private static Arbitrary<Configuration> Configurations()
    {
        var scaling = Gen.OneOf(
            Gen.Constant(RopeScaling.Unscaled),
            Gen.Choose(4, 64).Select(quarters => RopeScaling.NewLinear(quarters / 4.0)),
            Gen.Choose(1, 64).Select(factor => RopeScaling.NewLlama3(factor, factor / 8.0, factor / 3.0, 8192)));
        var sizes = Gen.Choose(1, 1000).ArrayOf(6);
        var flags = ArbMap.Default.GeneratorFor<bool>().ArrayOf(2);
        var architectures =
            from size in sizes
            from flag in flags
            from scale in scaling
            from epsilon in Gen.Choose(1, int.MaxValue)
            from stream in Gen.Elements(QueryStream.Absent, QueryStream.Learned, QueryStream.Preceding)
            select new A3.Model.Architecture(
                vocabulary: size[0] + 2,
                width: size[1],
                layers: size[2] % 40 + 1,
                heads: size[3] * (size[4] % 4 + 1),
                kvHeads: size[3],
                headWidth: size[4] * 2,
                mlpWidth: size[5],
                context: size[0] * size[1],
                normEpsilon: epsilon / (double)int.MaxValue / 3,
                ropeBase: 1 + (size[5] * 1000.0 / 7),
                ropeScaling: scale,
                tiedHead: flag[0],
                residual: flag[1] ? Residual.PreNorm : Residual.Reference,
                queryStream: stream);
        var configurations =
            from architecture in architectures.Where(architecture => ArchitectureModule.validate(architecture).IsOk)
            from ids in Gen.Choose(0, architecture.Vocabulary - 1).ArrayOf()
            from precision in Gen.Elements<NumberType?>(null, NumberType.Float32, NumberType.BFloat16, NumberType.Float16)
            select new Configuration(
                architecture,
                ids.Length > 3 ? ids[0] : FSharpOption<int>.None,
                ListModule.OfSeq(ids.Skip(1)),
                ids.Length > 5 ? ids[5] : FSharpOption<int>.None,
                ids.Length > 6 && !architecture.QueryStream.IsAbsent ? ids[6] : FSharpOption<int>.None,
                precision is null ? FSharpOption<NumberType>.None : FSharpOption<NumberType>.Some(precision.Value));
        return configurations.ToArbitrary();
    }
}
