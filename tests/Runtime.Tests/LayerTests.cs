using System.Text.RegularExpressions;
using Xunit;

namespace A3.Runtime.Tests;

/// <summary>Data flows one way: each folder of the runtime knows only those before it, and none of them TorchSharp.</summary>
public sealed partial class LayerTests
{
    private static readonly string[] Folders =
        ["Storage", "Checkpoints", "Tokenizers", "Sampling", "Networks", "Decoding", "Scoring", "Texts", "Api"];

    private static readonly Dictionary<string, (int Folder, string Text)> Files = Folders
        .SelectMany((folder, index) => Directory
            .GetFiles(Fixtures.InRepository("Runtime.CSharp", "Runtime", folder), "*.cs", SearchOption.AllDirectories)
            .Select(path => (path, index)))
        .ToDictionary(file => file.path, file => (file.index, Said().Replace(File.ReadAllText(file.path), "")));

    [Fact]
    public void No_folder_of_the_runtime_refers_to_one_behind_it()
    {
        var homes = Files
            .SelectMany(file => Declared().Matches(file.Value.Text).Select(match => (Name: match.Groups[1].Value, file.Value.Folder)))
            .GroupBy(type => type.Name)
            .Where(types => types.Select(type => type.Folder).Distinct().Count() == 1)
            .ToDictionary(types => types.Key, types => types.First().Folder);
        Assert.True(homes.Count > 150, $"{homes.Count} types were found.");

        Assert.Equal("", string.Join('\n', Files.SelectMany(file => Named().Matches(file.Value.Text)
            .Select(match => match.Value)
            .Distinct()
            .Where(name => homes.TryGetValue(name, out var home) && home > file.Value.Folder)
            .Select(name => $"{file.Key} in {Folders[file.Value.Folder]} refers to {name} in {Folders[homes[name]]}"))));
    }

    [Fact]
    public void The_runtime_references_specifications_and_kernels_alone() => Assert.Equal(
        ["A3.Kernels", "A3.Model", "FSharp.Core"],
        typeof(A3Model).Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => !name.StartsWith("System", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));

    /// <summary>Comments, and text between quotes.</summary>
    [GeneratedRegex("""//.*|"(?:[^"\\\n]|\\.)*\x22""")]
    private static partial Regex Said();

    [GeneratedRegex(@"^(?:public|internal) (?:(?:sealed|static|abstract|readonly|partial|ref|unsafe) )*(?:class|interface|struct|enum|record(?: struct)?) ([A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex Declared();

    /// <summary>Names that are no member of something, nor a method called.</summary>
    [GeneratedRegex(@"(?<![\w.])(?:(?<=new )[A-Z]\w*|[A-Z]\w*(?![\w(]))")]
    private static partial Regex Named();
}
