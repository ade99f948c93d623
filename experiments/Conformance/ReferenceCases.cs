using A3.Runtime.Networks;

namespace A3.Conformance;

/// <summary>Whether a network computes the reference numbers that lie beside its weights.</summary>
public static partial class ReferenceCases
{
    /// <summary>Cases of logits.</summary>
    public const string Logits = "cases.safetensors";

    /// <summary>Cases of decoding.</summary>
    public const string Decodes = "decode.safetensors";

    /// <summary>Cases of tokens and continuations.</summary>
    public const string Texts = "expected.json";

    /// <summary>Runs every case of the directory that needs a network, one by one as they are asked for.</summary>
    /// <exception cref="A3Exception">The directory holds no reference numbers, or a case cannot be run.</exception>
    /// <exception cref="CheckpointException">A file of them cannot be read.</exception>
    internal static IEnumerable<ConformanceCase> Run(
        string directory,
        string backend,
        INetwork network,
        CancellationToken cancellation = default)
    {
        RequireReferences(directory);
        return Cases(directory, backend, network, cancellation);
    }

    /// <summary>Runs the cases of the directory that need no network: token ids.</summary>
    /// <exception cref="A3Exception">The directory holds no reference numbers, or none that can be read.</exception>
    internal static IEnumerable<ConformanceCase> RunTokenizers(string directory)
    {
        RequireReferences(directory);
        var path = Path.Combine(directory, Texts);
        return File.Exists(path) ? TextCases.Tokenize(directory, TextCases.Read(path)) : [];
    }

    /// <summary>Refuses a directory without reference numbers.</summary>
    /// <exception cref="A3Exception">The directory holds none of the files.</exception>
    public static void RequireReferences(string directory)
    {
        string[] files = [Logits, Decodes, Texts];
        if (!files.Any(file => File.Exists(Path.Combine(directory, file))))
        {
            throw new A3Exception(
                $"{directory}: holds no reference numbers; expected {string.Join(", ", files)} beside the weights.");
        }
    }

    private static IEnumerable<ConformanceCase> Cases(
        string directory,
        string backend,
        INetwork network,
        CancellationToken cancellation)
    {
        if (Path.Combine(directory, Logits) is var logits && File.Exists(logits))
        {
            using var file = ReferenceFile.Open(logits);
            foreach (var item in Checked(logits, LogitCases.Run(file, backend, network), cancellation))
            {
                yield return item;
            }
        }

        if (Path.Combine(directory, Decodes) is var decodes && File.Exists(decodes))
        {
            using var file = ReferenceFile.Open(decodes);
            var decoding = DecodingCases.Run(file, backend, network, cancellation);
            foreach (var item in Checked(decodes, decoding, cancellation))
            {
                yield return item;
            }
        }

        if (Path.Combine(directory, Texts) is var texts && File.Exists(texts))
        {
            var continuing = TextCases.Continue(TextCases.Read(texts), backend, network, cancellation);
            foreach (var item in Checked(texts, continuing, cancellation))
            {
                yield return item;
            }
        }
    }

    /// <summary>The same cases, where an input that the network refuses is an error of the file.</summary>
    private static IEnumerable<ConformanceCase> Checked(
        string path,
        IEnumerable<ConformanceCase> cases,
        CancellationToken cancellation)
    {
        using var each = cases.GetEnumerator();
        while (Next(path, each))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return each.Current;
        }
    }

    private static bool Next(string path, IEnumerator<ConformanceCase> cases)
    {
        try
        {
            return cases.MoveNext();
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or A3Exception)
        {
            throw new A3Exception($"{path}: {error.Message}", error);
        }
    }
}
