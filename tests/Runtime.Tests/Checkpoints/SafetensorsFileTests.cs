using System.Text;
using Xunit;

namespace A3.Runtime.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    private string Path => folder.File("a.safetensors");

    [Theory]
    [InlineData("F32", new[] { 1f, -0f, float.Epsilon, float.MaxValue, float.NaN, float.NegativeInfinity })]
    [InlineData("BF16", new[] { 1f, -0f, 0.5f, -3.5f, float.NaN, float.NegativeInfinity })]
    [InlineData("F16", new[] { 1f, -0f, 6e-8f, 65504f, float.NaN, float.NegativeInfinity })]
    public void Numbers_come_back_as_they_were_stored(string dtype, float[] numbers)
    {
        Dtype kind = Dtypes.Find(dtype)!.Value;
        SafetensorsWriter.Write(Path, [new("w", kind, [2, 3], sink => sink.Append(numbers))]);
        using var file = SafetensorsFile.Open(Path);
        Assert.Equal($"w {dtype} [2, 3]", file["w"].ToString());
        float[] stored = [.. numbers.Select(number => kind == Dtype.Float16 ? (float)(Half)number : number)];
        Assert.Equal(stored, file["w"].ToFloats());
        Assert.Equal(Bits(stored[..2]), Bits(file["w"].ToFloats()[..2]));
    }

    [Fact]
    public void Integers_come_back_as_they_were_stored()
    {
        long[] numbers = [0, -1, long.MinValue, long.MaxValue];
        SafetensorsWriter.Write(Path, [new("ids", Dtype.Int64, [4], sink => sink.Append(numbers))]);
        using var file = SafetensorsFile.Open(Path);
        Assert.Equal(numbers, file["ids"].ToIntegers());
        Write("""{"ids":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}""", [255, 255, 255, 255, 1, 0, 0, 0]);
        using var narrow = SafetensorsFile.Open(Path);
        Assert.Equal([-1, 1], narrow["ids"].ToIntegers());
    }

    [Fact]
    public void Tensors_are_aligned_to_their_numbers_and_filled_in_pieces()
    {
        float[] numbers = [.. Enumerable.Range(0, 200_001).Select(i => (float)i)];
        SafetensorsWriter.Write(
            Path,
            [
                new("half", Dtype.Float16, [3], sink => sink.Append(numbers.AsSpan(0, 3))),
                new("many", Dtype.Float32, [numbers.Length], FillInPieces),
                new("ids", Dtype.Int64, [1, 1], sink => sink.Append([7L])),
                new("scalar", Dtype.BFloat16, [], sink => sink.Append([2f])),
                new("none", Dtype.Float32, [0, 5], _ => { }),
            ]);
        using var file = SafetensorsFile.Open(Path);
        Assert.All(file.Tensors, tensor => Assert.Equal(0, Address(tensor) % tensor.Dtype.Size));
        Assert.Equal(numbers, file["many"].ToFloats());
        Assert.Equal(numbers[..3], file["half"].ToFloats());
        Assert.Equal([2f], file["scalar"].ToFloats());
        Assert.Empty(file["none"].ToFloats());
        var slice = new float[3];
        file["many"].Read(199_998, slice);
        Assert.Equal([199_998f, 199_999f, 200_000f], slice);

        void FillInPieces(TensorSink sink)
        {
            sink.Append(numbers.AsSpan(0, 70_000));
            sink.Append(numbers.AsSpan(70_000));
        }
    }

    [Fact]
    public void Reading_outside_a_tensor_or_after_closing_throws()
    {
        SafetensorsWriter.Write(Path, [new("w", Dtype.Float32, [4], sink => sink.Append(new float[4]))]);
        var file = SafetensorsFile.Open(Path);
        var tensor = file["w"];
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(1, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(-1, new float[4]));
        Assert.Throws<CheckpointException>(() => tensor.ToIntegers());
        Assert.Throws<CheckpointException>(() => file["v"]);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.ToFloats());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void A_tensor_given_too_few_or_too_many_numbers_is_refused_and_the_old_file_stays(int given)
    {
        File.WriteAllBytes(Path, [1]);
        Assert.Throws<InvalidOperationException>(() =>
            SafetensorsWriter.Write(Path, [new("w", Dtype.Float32, [4], sink => sink.Append(new float[given]))]));
        Assert.Equal([1], File.ReadAllBytes(Path));
        Assert.Equal(["a.safetensors"], folder.Names);
    }

    [Theory]
    [InlineData("ar")]
    [InlineData("chunk2")]
    public void Logits_read_from_a_fixture_give_its_loss(string name)
    {
        using var file = SafetensorsFile.Open(
            System.IO.Path.Combine(Fixtures.Repository("two-stream-reference"), "cases.safetensors"));
        Assert.Equal([2, 24, 97], file[$"{name}.query_logits"].Shape.ToArray());
        long[] tokens = file[$"{name}.input_ids"].ToIntegers();
        float[][] rows = [.. file[$"{name}.query_logits"].ToFloats().Chunk(97)];
        double loss = rows.Zip(
            tokens,
            (row, token) => Math.Log(row.Sum(logit => Math.Exp(logit))) - row[token]).Average();
        Assert.Equal(file[$"{name}.loss"].ToFloats()[0], loss, 1e-4);
    }

    public static TheoryData<string, string, string> HostileHeaders => new()
    {
        { "a name twice", Two("a", 0, 4, "a", 4, 8), "tensor a: the name occurs twice" },
        { "an overlap", Two("a", 0, 4, "b", 2, 6), "tensor b: data_offsets [2, 6]" },
        { "a hole", Two("a", 0, 2, "b", 4, 8), "tensor a: data_offsets [0, 2]" },
        { "a hole between tensors", """{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor b: data_offsets [4, 8]; its bytes must begin" },
        { "a hole at the start", One("F32", "[1]", "[4,8]"), "tensor a: data_offsets [4, 8]; its bytes must begin" },
        { "data left over", One("F32", "[1]", "[0,4]"), "4 bytes after the last tensor" },
        { "data past the end", One("F32", "[4]", "[0,16]"), "tensor a: data_offsets [0, 16]; its bytes must end" },
        { "an end before the begin", One("F32", "[1]", "[8,4]"), "tensor a: data_offsets [8, 4]" },
        { "more bytes than the shape", One("F32", "[1]", "[0,8]"), "shape [1] of F32 takes 4 bytes" },
        { "fewer bytes than the shape", One("F32", "[3]", "[0,8]"), "shape [3] of F32 takes 12 bytes" },
        { "a shape that overflows", One("F32", "[4294967296,4294967296]", "[0,8]"), "tensor a: shape [4294967296, 4294967296]" },
        { "a shape that overflows to its size", One("F32", "[4611686018427387904,2,2]", "[0,8]"), "tensor a: shape [4611686018427387904, 2, 2]" },
        { "a shape that overflows before a zero", One("F32", "[4611686018427387904,4,0]", "[0,0]"), "tensor a: shape" },
        { "a negative side", One("F32", "[-2]", "[0,8]"), "shape with Number as entry 1" },
        { "a fractional side", One("F32", "[2.0]", "[0,8]"), "shape with Number as entry 1" },
        { "a side above 63 bits", One("F32", "[9223372036854775808]", "[0,8]"), "shape with Number as entry 1" },
        { "a side that is a string", One("F32", "[\"2\"]", "[0,8]"), "shape with String as entry 1" },
        { "nine dimensions", One("F32", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), "shape with Number as entry 9" },
        { "a shape that is a number", One("F32", "2", "[0,8]"), "shape with Number as entry 0" },
        { "negative offsets", One("F32", "[2]", "[-8,0]"), "data_offsets with Number as entry 1" },
        { "three offsets", One("F32", "[2]", "[0,4,8]"), "data_offsets with Number as entry 3" },
        { "one offset", One("F32", "[2]", "[8]"), "an incomplete entry" },
        { "an unknown kind of number", One("Q4", "[2]", "[0,8]"), "tensor a: dtype Q4; supported are F32, BF16, F16, I64, I32" },
        { "a kind that is a number", """{"a":{"dtype":4,"shape":[2],"data_offsets":[0,8]}}""", "tensor a: dtype Number" },
        { "a kind twice", """{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "tensor a: key \"dtype\"" },
        { "an unknown key", """{"a":{"dtype":"F32","scale":2,"shape":[2],"data_offsets":[0,8]}}""", "tensor a: key \"scale\"" },
        { "no shape", """{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "tensor a: an incomplete entry" },
        { "an entry that is a list", """{"a":[]}""", "tensor a: StartArray" },
        { "metadata that is a number", """{"__metadata__":3}""", "__metadata__ holds Number" },
        { "metadata with a number", """{"__metadata__":{"format":3}}""", "__metadata__ holds Number" },
        { "a list", "[]", "no `{` at the start" },
        { "white space first", " {}", "no `{` at the start" },
        { "nothing", "", "no `{` at the start" },
        { "half a header", """{"a":{"dtype":"F32","shape":[2],"data""", "the header must be one JSON object" },
        { "two headers", "{}{}", "the header must be one JSON object" },
        { "a comment", "{/**/}", "the header must be one JSON object" },
        { "half a surrogate pair", """{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "a string that is not Unicode" },
        { "a bottomless list", new string('[', 100_000), "no `{` at the start" },
        { "a bottomless object", string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), "tensor a: key \"a\"" },
        { "a line break in a name", """{"a\nb":[]}""", "tensor a\\nb: StartArray" },
    };

    [Theory]
    [MemberData(nameof(HostileHeaders))]
    public void A_hostile_header_is_an_error_that_says_where(string what, string header, string expected)
    {
        Write(header, new byte[8]);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
        Assert.StartsWith($"{Path}: ", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Contains(expected, StringComparison.Ordinal), $"{what}: {error.Message}");
        Assert.DoesNotContain('\n', error.Message);
        Assert.True(error.Message.Length < 1000, what);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(3UL)]
    public void A_header_longer_than_the_file_is_an_error(ulong length)
    {
        File.WriteAllBytes(Path, [.. BitConverter.GetBytes(length), (byte)'{', (byte)'}']);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
        Assert.Contains($"a header of {length} bytes in a file of 10", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_above_a_hundred_megabytes_is_refused_unread()
    {
        using (var stream = File.Create(Path))
        {
            stream.Write(BitConverter.GetBytes(100_000_001UL));
            stream.SetLength(100_000_100);
        }

        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
        Assert.Contains("a header of 100000001 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_file_too_short_for_a_length_is_an_error(int length)
    {
        File.WriteAllBytes(Path, new byte[length]);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
        string given = length == 0 ? "no bytes: empty, a pipe or a device" : $"{length} bytes";
        Assert.Contains($"{given}; a safetensors file has at least 8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_a_folder_and_a_device_are_errors()
    {
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.Path));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "devices are files on Linux.");
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open("/dev/zero"));
        File.CreateSymbolicLink(Path, "/dev/zero");
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Path));
    }

    private static string One(string dtype, string shape, string offsets) =>
        $"{{{Entry("a", dtype, shape, offsets)}}}";

    private static string Two(string first, int begin1, int end1, string second, int begin2, int end2) =>
        $"{{{Entry(first, "F32", "[1]", $"[{begin1},{end1}]")},{Entry(second, "F32", "[1]", $"[{begin2},{end2}]")}}}";

    private static string Entry(string name, string dtype, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    private static unsafe long Address(TensorView tensor) => (long)tensor.Pointer;

    private static IEnumerable<int> Bits(float[] numbers) => numbers.Select(BitConverter.SingleToInt32Bits);

    private void Write(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(Path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
    }
}
