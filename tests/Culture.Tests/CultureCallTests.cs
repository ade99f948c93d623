using System.Reflection;
using A3.Cli;
using Xunit;

namespace A3.Culture.Tests;

/// <summary>No code of ours asks for the culture of the thread; the compiled methods say so, those that no test calls too.</summary>
public sealed class CultureCallTests
{
    [Fact]
    public void No_method_of_the_library_depends_on_the_culture() =>
        Assert.Empty(new[] { typeof(A3Exception).Assembly, typeof(A3Model).Assembly, typeof(Trainer).Assembly, Assembly.Load("A3.Kernels") }.SelectMany(CultureCalls.Of));

    /// <summary>Its process has no culture, but for programs that run it in their own; whole numbers of it are counts.</summary>
    [Fact]
    public void No_method_of_the_program_writes_fractions_or_orders_texts_by_the_culture() =>
        Assert.DoesNotContain(CultureCalls.Of(typeof(Program).Assembly), call => !call.Contains("Int", StringComparison.Ordinal));

    [Fact]
    public void Every_kind_of_such_a_call_is_found() =>
        Assert.Equal(
            ["Compared", "Formatted", "Interpolated", "Lowered", "Parsed", "Sorted", "Written"],
            CultureCalls.Of(typeof(CultureCallSamples)).Select(call => call.Split('.', ':')[4]).Order(StringComparer.Ordinal).Distinct());
}
