using System.Reflection;
using System.Xml.Linq;
using Xunit;

namespace A3.Runtime.Tests.Api;

public sealed class PublicSurfaceTests
{
    private static readonly string[] Hidden = ["TorchSharp", "Microsoft.FSharp", "A3.Model"];

    public static TheoryData<string> Types => [.. typeof(A3Model).Assembly.GetExportedTypes().Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Types))]
    public void No_public_member_shows_a_tensor_or_a_type_of_FSharp(string name)
    {
        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var type = typeof(A3Model).Assembly.GetType(name, throwOnError: true)!;
        var methods = type.GetMethods(Public);
        var shown = methods.Cast<MethodBase>().Concat(type.GetConstructors())
            .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType))
            .Concat(methods.Select(method => method.ReturnType))
            .Concat(type.GetFields(Public).Select(field => field.FieldType))
            .Concat(type.GetInterfaces())
            .SelectMany(Parts);

        Assert.DoesNotContain(shown, part => Hidden.Any(hidden => part.Namespace?.StartsWith(hidden, StringComparison.Ordinal) == true));
    }

    [Fact]
    public void Every_public_class_is_sealed() =>
        Assert.DoesNotContain(typeof(A3Model).Assembly.GetExportedTypes(), type => type is { IsClass: true, IsSealed: false });

    [Fact]
    public void Every_exception_of_ours_is_of_one_family()
    {
        var ours = new[] { typeof(A3Model).Assembly, typeof(A3Exception).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.IsAssignableTo(typeof(Exception)) && !type.IsAssignableTo(typeof(OperationCanceledException)));
        Assert.All(ours, type => Assert.True(type.IsAssignableTo(typeof(A3Exception)), type.FullName));
    }

    /// <summary>Records are data and exceptions are thrown once; every other class says how threads may share it.</summary>
    [Fact]
    public void Every_public_class_says_how_threads_share_it() =>
        Assert.All(new[] { typeof(A3Model).Assembly, typeof(A3Exception).Assembly }, assembly =>
        {
            var documentation = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")
                .ToDictionary(member => member.Attribute("name")!.Value, member => member.Value);
            var silent = assembly.GetExportedTypes()
                .Where(type => type is { IsClass: true, Namespace: "A3" } && !(type.IsAbstract && type.IsSealed))
                .Where(type => type.GetMethod("<Clone>$") is null && !type.IsAssignableTo(typeof(Exception)))
                .Where(type => !documentation.TryGetValue($"T:{type.FullName}", out var text) || !text.Contains("thread", StringComparison.Ordinal));
            Assert.Empty(silent);
        });

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType
            ? Parts(type.GetElementType()!)
            : type.GetGenericArguments().Where(part => !part.IsGenericParameter).SelectMany(Parts).Append(type);
}
