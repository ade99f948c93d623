using System.Reflection;
using Xunit;

namespace A3.Slow.Tests;

/// <summary>The one test of this project that always runs.</summary>
public sealed class SlowTests
{
    [Fact]
    public void Every_other_test_of_this_project_waits_until_it_is_asked_for()
    {
        var methods = typeof(SlowTests).Assembly.GetTypes().Where(type => type != typeof(SlowTests)).SelectMany(type => type.GetMethods());
        var tests = methods.Select(method => (method, fact: method.GetCustomAttribute<FactAttribute>())).Where(test => test.fact is not null).ToArray();

        Assert.InRange(tests.Length, 10, 1000);
        Assert.All(tests, test => Assert.True(
            test.fact is SlowFactAttribute or SlowTheoryAttribute && (test.fact.Skip is null) == Slow.IsAskedFor, $"{test.method}"));
    }
}
