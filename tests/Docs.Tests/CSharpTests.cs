using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace A3.Docs.Tests;

[Collection("Standard output")]
public sealed class CSharpTests
{
    private const string Usings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Threading; global using System.Threading.Tasks;";

    private static readonly CSharpParseOptions Language = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);

    public static TheoryData<string> Places => [.. Document.BlocksOf("csharp").Select(block => $"{block}")];

    [Theory(DisplayName = "A block of C# compiles, runs, and prints what the document shows behind it")]
    [MemberData(nameof(Places))]
    public void Runs(string place)
    {
        var block = Document.BlocksOf("csharp").Single(block => $"{block}" == place);

        var printed = Run(Compiled(block));

        if (block.Next is { Language: "text" } shown)
        {
            var difference = ShownOutput.Difference(shown.Text, printed);
            Assert.True(difference is null, $"{block}: {difference}");
        }
    }

    [Fact(DisplayName = "The README has a block of C#")]
    public void IsThere() => Assert.Contains(Document.BlocksOf("csharp"), block => block.Document == "README.md");

    private static byte[] Compiled(Block block)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Block",
            [CSharpSyntaxTree.ParseText(Usings, Language), CSharpSyntaxTree.ParseText(block.Text, Language, $"{block}")],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        var faults = result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(Described(block));
        Assert.True(result.Success, string.Join('\n', faults));
        return image.ToArray();
    }

    private static Func<Diagnostic, string> Described(Block block) =>
        fault => $"{block.Document}:{block.Line + fault.Location.GetLineSpan().StartLinePosition.Line}: {fault.GetMessage(System.Globalization.CultureInfo.InvariantCulture)}";

    private static string Run(byte[] image)
    {
        Environment.CurrentDirectory = Repository.Root;
        var context = new AssemblyLoadContext("Block", isCollectible: true);
        var console = Console.Out;
        using var printed = new StringWriter();
        try
        {
            Console.SetOut(printed);
            var entry = context.LoadFromStream(new MemoryStream(image)).EntryPoint!;
            entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, entry.GetParameters().Length > 0 ? [Array.Empty<string>()] : [], null);
            return printed.ToString();
        }
        finally
        {
            Console.SetOut(console);
            context.Unload();
        }
    }
}
