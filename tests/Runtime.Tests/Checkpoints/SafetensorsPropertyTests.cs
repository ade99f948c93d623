using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Whatever the bytes, a file opens and reads, or is refused with one typed error.</summary>
public sealed class SafetensorsPropertyTests : IDisposable
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000);

    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A change to a file: bits flipped, bytes replaced, the tail cut off or grown.</summary>
    private sealed record Mutation((int At, byte Value)[] Flips, int Cut, byte[] Tail)
    {
        public byte[] Apply(byte[] file)
        {
            byte[] changed = [.. file];
            foreach (var (at, value) in Flips)
            {
                changed[at % changed.Length] ^= value;
            }

            return [.. changed[..(changed.Length - Math.Min(Cut, changed.Length))], .. Tail];
        }

        public Mutation Without(int flip) => this with { Flips = [.. Flips.Where((_, i) => i != flip)] };

        public override string ToString() => $"flips {string.Join(' ', Flips)}, cut {Cut}, tail of {Tail.Length}";
    }

    [Fact]
    public void Random_bytes_open_or_are_refused() =>
        Check.One(Thorough, Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), OpensOrIsRefused));

    [Fact]
    public void Random_headers_open_or_are_refused()
    {
        string[] tokens =
        [
            "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "\"dtype\"", "\"F32\"", "\"shape\"", "\"data_offsets\"", "0", "4", "8", "-1",
            "1e3", "null", "\"__metadata__\"", "9223372036854775807", "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
        ];
        var headers = Gen.Elements(tokens).ListOf().Select(parts => "{" + string.Concat(parts)).ToArbitrary();
        Check.One(Thorough, Prop.ForAll(headers, header =>
        {
            byte[] json = System.Text.Encoding.UTF8.GetBytes(header);
            return OpensOrIsRefused([.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[8]]);
        }));
    }

    [Fact]
    public void A_changed_file_opens_or_is_refused()
    {
        byte[] small = Small();
        byte[] fixture = File.ReadAllBytes(Path.Combine(
            Fixtures.Repository("two-stream-reference"),
            "decode.safetensors"));
        Check.One(
            Thorough,
            Prop.ForAll(Mutations(), change => OpensOrIsRefused(change.Apply(small)) && OpensOrIsRefused(change.Apply(fixture))));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] whole = Small();
        Assert.True(Opens(whole));
        Assert.All(Enumerable.Range(0, whole.Length), length => Assert.False(Opens(whole[..length])));
    }

    private static Arbitrary<Mutation> Mutations()
    {
        var flip = Gen.Choose(0, 8192).Zip(Gen.OneOf(Gen.Choose(0, 7).Select(bit => 1 << bit), Gen.Choose(1, 255)))
            .Select(pair => (pair.Item1, (byte)pair.Item2));
        var headFlip = Gen.Choose(0, 15).Zip(Gen.Choose(1, 255)).Select(pair => (pair.Item1, (byte)pair.Item2));
        var mutations = Gen.OneOf(flip, flip, headFlip).ArrayOf()
            .Zip(Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(0, 400))))
            .Zip(Gen.Frequency((4, Gen.Constant(Array.Empty<byte>())), (1, ArbMap.Default.GeneratorFor<byte[]>())))
            .Select(parts => new Mutation(parts.Item1.Item1, parts.Item1.Item2, parts.Item2));
        return Arb.From(mutations, mutation => mutation.Flips.Select((_, i) => mutation.Without(i)));
    }

    private byte[] Small()
    {
        string path = folder.File("small");
        SafetensorsWriter.Write(
            path,
            [
                new("a", Dtype.Float32, [2, 3], sink => sink.Append(new float[6])),
                new("b", Dtype.BFloat16, [4], sink => sink.Append(new float[4])),
                new("c", Dtype.Int64, [1], sink => sink.Append([5L])),
            ]);
        return File.ReadAllBytes(path);
    }

    private bool OpensOrIsRefused(byte[] bytes)
    {
        Opens(bytes);
        return true;
    }

    /// <summary>
    /// Whether it opens; then everything in it can be read, too. Anything thrown but the typed error fails the
    /// property.
    /// </summary>
    private bool Opens(byte[] bytes)
    {
        string path = folder.File("changed");
        File.WriteAllBytes(path, bytes);
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var tensor in file.Tensors)
            {
                long read = tensor.Dtype.IsFloating ? tensor.ToFloats().LongLength : tensor.ToIntegers().LongLength;
                Assert.Equal(tensor.Count, read);
            }

            return true;
        }
        catch (CheckpointException error)
        {
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            return false;
        }
    }
}
