using A3.Model;
using Xunit;

namespace A3.Runtime.Tests;

public sealed class CheckpointTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("causal-llama", "LLaMA causal, 3 layers x 32 wide, 4 heads (2 KV), vocabulary 97, context 128, 41K parameters")]
    [InlineData("two-stream-pre-norm", "LLaMA two-stream, 3 layers x 32 wide, 4 heads (2 KV), vocabulary 97, context 128, 41K parameters")]
    [InlineData("two-stream-reference", "LLaMA two-stream, 3 layers x 32 wide, 4 heads (2 KV), vocabulary 97, context 128, 41K parameters")]
    public void Fixtures_open(string name, string summary)
    {
        using var checkpoint = Checkpoint.Open(Fixtures.Repository(name));
        Assert.Equal(summary, checkpoint.Architecture.ToString());
        Assert.Equal(
            name == "two-stream-reference" ? ResidualStyle.Reference : ResidualStyle.PreNorm,
            checkpoint.Architecture.Residual);
        Assert.Equal(4 * checkpoint.Architecture.ParameterCount, checkpoint.StoredBytes);
        Assert.Equal(97 * 32, checkpoint["model.embed_tokens.weight"].ToFloats().Length);
    }

    [Fact]
    public void A_trained_model_with_a_tied_head_opens()
    {
        using var checkpoint = Checkpoint.Open(Fixtures.Shared("stories260K"));
        Assert.True(checkpoint.Architecture.TiedHead);
        Assert.Equal(
            "LLaMA causal, 5 layers x 64 wide, 8 heads (4 KV), vocabulary 512, context 512, 260K parameters",
            checkpoint.Architecture.ToString());
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("BF16")]
    [InlineData("F16")]
    public void What_is_saved_opens_with_the_same_numbers_in_the_precision_asked_for(string dtype)
    {
        Dtype kind = Dtypes.Find(dtype)!.Value;
        using var original = Checkpoint.Open(Fixtures.Repository("two-stream-reference"));
        Copy(original, folder.Path, kind);
        using var copy = Checkpoint.Open(folder.Path);
        Assert.Equal(original.Architecture, copy.Architecture);
        Assert.Equal(original.Configuration.Eos, copy.Configuration.Eos);
        Assert.Equal(["config.json", "model.safetensors"], folder.Names);
        foreach (var parameter in ArchitectureModule.parameters(original.Configuration.Architecture))
        {
            float[] expected = original[parameter.Name].ToFloats();
            float step = kind switch { Dtype.BFloat16 => 1f / 256, Dtype.Float16 => 1f / 2048, _ => 0 };
            Assert.All(
                expected.Zip(copy[parameter.Name].ToFloats()),
                pair => Assert.True(Math.Abs(pair.First - pair.Second) <= (Math.Abs(pair.First) * step) + 1e-7f));
            Assert.Equal(kind, copy[parameter.Name].Dtype);
        }
    }

    [Theory]
    [InlineData("F16", 65519.9f, true)]
    [InlineData("F16", 65520f, false)]
    [InlineData("F16", -1e30f, false)]
    [InlineData("F16", float.PositiveInfinity, true)]
    [InlineData("F16", float.NaN, true)]
    [InlineData("BF16", 65520f, true)]
    [InlineData("BF16", 3.39e38f, true)]
    [InlineData("BF16", float.MaxValue, false)]
    [InlineData("BF16", float.MinValue, false)]
    [InlineData("F32", float.MaxValue, true)]
    public void A_number_that_its_storage_would_make_infinite_is_not_saved(string dtype, float number, bool saved)
    {
        Dtype kind = Dtypes.Find(dtype)!.Value;
        using var original = Checkpoint.Open(Fixtures.Repository("causal-llama"));
        Copy(original, folder.Path, Dtype.Float32);
        var before = File.ReadAllBytes(folder.File("model.safetensors"));
        var error = Record.Exception(() => Checkpoint.Save(folder.Path, original.Configuration, kind, (parameter, sink) =>
        {
            float[] numbers = original[parameter.Name].ToFloats();
            numbers[^1] = number;
            sink.Append(numbers);
        }));
        Assert.Equal(saved, error is null);
        if (!saved)
        {
            Assert.Contains(kind == Dtype.Float16 ? "; float16 holds numbers from -65504 to 65504; store it" : "bfloat16 holds", error!.Message);
            Assert.Contains("model.safetensors: tensor ", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllBytes(folder.File("model.safetensors")));
        }
    }

    [Fact]
    public void A_save_that_fails_leaves_the_old_checkpoint()
    {
        using var original = Checkpoint.Open(Fixtures.Repository("causal-llama"));
        Copy(original, folder.Path, Dtype.Float32);
        Assert.Throws<TimeoutException>(() => Checkpoint.Save(folder.Path, original.Configuration, Dtype.Float32, (parameter, sink) =>
        {
            if (parameter.Name == ArchitectureModule.finalNorm)
            {
                throw new TimeoutException();
            }

            sink.Append(new float[parameter.Shape.Aggregate(1, (count, side) => count * side)]);
        }));
        using var kept = Checkpoint.Open(folder.Path);
        Assert.Equal(original["lm_head.weight"].ToFloats(), kept["lm_head.weight"].ToFloats());
        Assert.Equal(["config.json", "model.safetensors"], folder.Names);
    }

    [Fact]
    public void A_checkpoint_can_be_saved_over_while_it_is_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not replace a file that is mapped.");
        using var original = Checkpoint.Open(Fixtures.Repository("causal-llama"));
        Copy(original, folder.Path, Dtype.Float32);
        using var open = Checkpoint.Open(folder.Path);
        Copy(open, folder.Path, Dtype.Float32);
        using var saved = Checkpoint.Open(folder.Path);
        Assert.Equal(original["lm_head.weight"].ToFloats(), saved["lm_head.weight"].ToFloats());
        Assert.Equal(original["lm_head.weight"].ToFloats(), open["lm_head.weight"].ToFloats());
    }

    [Fact]
    public void A_directory_with_another_architecture_is_not_saved_over()
    {
        using var causal = Checkpoint.Open(Fixtures.Repository("causal-llama"));
        using var twoStream = Checkpoint.Open(Fixtures.Repository("two-stream-pre-norm"));
        Copy(causal, folder.Path, Dtype.Float32);
        var error = Assert.Throws<CheckpointException>(() => Copy(twoStream, folder.Path, Dtype.Float32));
        Assert.Contains("it holds LLaMA causal", error.Message, StringComparison.Ordinal);
        using var kept = Checkpoint.Open(folder.Path);
        Assert.Equal(causal.Architecture, kept.Architecture);
    }

    [Fact]
    public void A_missing_tensor_is_named_with_its_shape() =>
        CheckRefused(
            tensors => tensors.Remove("model.layers.1.mlp.up_proj.weight"),
            "tensor model.layers.1.mlp.up_proj.weight: missing; shape [88, 32] is expected by config.json.");

    [Fact]
    public void An_unknown_tensor_is_named_with_its_shape() =>
        CheckRefused(
            tensors => tensors["model.layers.3.mlp.up_proj.weight"] = new(
                "",
                Dtype.Float32,
                [1, 2],
                sink => sink.Append(new float[2])),
            "tensor model.layers.3.mlp.up_proj.weight: F32 [1, 2]; no tensor of that name is expected");

    [Fact]
    public void A_misshapen_tensor_is_named_with_both_shapes() =>
        CheckRefused(
            tensors => tensors["model.norm.weight"] = new(
                "",
                Dtype.Float32,
                [32, 1],
                sink => sink.Append(new float[32])),
            "tensor model.norm.weight: shape [32, 1]; shape [32] is expected by config.json.");

    [Fact]
    public void A_tensor_of_integers_is_refused() =>
        CheckRefused(
            tensors => tensors["model.norm.weight"] = new("", Dtype.Int64, [32], sink => sink.Append(new long[32])),
            "tensor model.norm.weight: dtype I64; F32, BF16 or F16 is expected.");

    [Fact]
    public void A_query_stream_that_the_configuration_lacks_is_refused_with_the_remedy() =>
        CheckRefused(
            tensors => tensors["model.query_embed"] = new(
                "",
                Dtype.Float32,
                [1, 1, 32],
                sink => sink.Append(new float[32])),
            "must say architectures [\"LlamaTwoStreamForCausalLM\"]");

    [Fact]
    public void A_tied_head_stored_once_more_and_buffers_of_RoPE_are_ignored()
    {
        string config = File.ReadAllText(Path.Combine(Fixtures.Repository("causal-llama"), "config.json"));
        Write(
            config.Replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", StringComparison.Ordinal),
            tensors => tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] =
                new("", Dtype.Float32, [4], sink => sink.Append(new float[4])));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.True(checkpoint.Architecture.TiedHead);
    }

    [Theory]
    [InlineData("differs", 1)]
    [InlineData("shape", 1)]
    [InlineData("equal", 0)]
    [InlineData("equal as float32", 0)]
    [InlineData("absent", 0)]
    [InlineData("last differs", 1)]
    public void A_head_that_differs_from_the_embedding_it_is_tied_to_is_reported(string head, int notices)
    {
        string config = File.ReadAllText(Path.Combine(Fixtures.Repository("causal-llama"), "config.json"));
        var tied = config.Replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", StringComparison.Ordinal);
        Write(tied, tensors =>
        {
            var embedding = tensors["model.embed_tokens.weight"];
            var numbers = new float[embedding.Count];
            Array.Fill(numbers, 0.5f);
            var other = numbers.ToArray();
            other[^1] = head == "last differs" ? 0.25f : 0.5f;
            tensors["model.embed_tokens.weight"] = embedding with
            {
                Dtype = head.StartsWith("equal as", StringComparison.Ordinal) ? Dtype.BFloat16 : Dtype.Float32,
                Fill = sink => sink.Append(numbers),
            };
            tensors["lm_head.weight"] = head switch
            {
                "differs" => tensors["lm_head.weight"],
                "shape" => new("", Dtype.Float32, [1], sink => sink.Append([0.5f])),
                _ => embedding with { Fill = sink => sink.Append(other) },
            };
            if (head == "absent")
            {
                tensors.Remove("lm_head.weight");
            }
        });
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(notices, checkpoint.Notices.Length);
        Assert.All(checkpoint.Notices, notice => Assert.Contains(
            "lm_head.weight differs from model.embed_tokens.weight, to which config.json ties it", notice, StringComparison.Ordinal));
    }

    [Fact]
    public void A_configuration_that_is_missing_or_wrong_is_named()
    {
        var missing = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path));
        Assert.Equal(folder.File("config.json"), missing.File);
        File.WriteAllText(folder.File("config.json"), """{"model_type": "gpt2"}""");
        var wrong = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path));
        Assert.Contains(
            "config.json: model_type = \"gpt2\" is not supported; supported: \"llama\".",
            wrong.Message,
            StringComparison.Ordinal);
        File.Copy(
            Path.Combine(Fixtures.Repository("causal-llama"), "config.json"),
            folder.File("config.json"),
            overwrite: true);
        var weightless = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path));
        Assert.Contains(
            "no weights; model.safetensors or model.safetensors.index.json is expected",
            weightless.Message,
            StringComparison.Ordinal);
    }

    private void CheckRefused(Action<Dictionary<string, TensorPlan>> change, string expected)
    {
        Write(File.ReadAllText(Path.Combine(Fixtures.Repository("causal-llama"), "config.json")), change);
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>The tensors of causal-llama, changed, under a configuration.</summary>
    private void Write(string config, Action<Dictionary<string, TensorPlan>> change)
    {
        using var original = SafetensorsFile.Open(Path.Combine(
            Fixtures.Repository("causal-llama"),
            "model.safetensors"));
        var tensors = original.Tensors.ToDictionary(
            tensor => tensor.Name,
            tensor => new TensorPlan("", Dtype.Float32, tensor.Shape.ToArray(), sink => sink.Append(tensor.ToFloats())));
        change(tensors);
        SafetensorsWriter.Write(
            folder.File("model.safetensors"),
            tensors.Select(entry => entry.Value with { Name = entry.Key }));
        File.WriteAllText(folder.File("config.json"), config);
    }

    private static void Copy(Checkpoint checkpoint, string directory, Dtype dtype) =>
        Checkpoint.Save(
            directory,
            checkpoint.Configuration,
            dtype,
            (parameter, sink) => sink.Append(checkpoint[parameter.Name].ToFloats()));
}
