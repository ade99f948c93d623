using System.Reflection;
using Xunit;

namespace A3.Runtime.Tests.Networks;

public sealed class KernelTests
{
    private const BindingFlags Everything =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>A loop that a caller inlines is compiled as its caller is: the remarks of <see cref="PanelKernel"/> say what that costs.</summary>
    [Fact]
    public void LoopsThatAreCompiledAtOnceAreNeverInlined()
    {
        var loops = typeof(PanelKernel).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(Everything))
            .Where(method => method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveOptimization))
            .ToArray();

        Assert.True(loops.Length >= 10);
        Assert.All(loops, loop => Assert.True(
            loop.MethodImplementationFlags.HasFlag(MethodImplAttributes.NoInlining), $"{loop.DeclaringType}.{loop.Name}"));
    }
}
