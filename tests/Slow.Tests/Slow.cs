using System.Runtime.CompilerServices;
using Xunit;

namespace A3.Slow.Tests;

/// <summary>Whether the slow tests were asked for: <c>A3_SLOW=1</c>.</summary>
internal static class Slow
{
    public const string Reason = "slow: A3_SLOW=1 runs it.";

    public static bool IsAskedFor => Environment.GetEnvironmentVariable("A3_SLOW") == "1";
}

/// <summary>A fact that runs with <c>A3_SLOW=1</c> and says that it was skipped without.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowFactAttribute : FactAttribute
{
    public SlowFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Slow.IsAskedFor ? null : Slow.Reason;
}

/// <summary>A theory that runs with <c>A3_SLOW=1</c> and says once that it was skipped without.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SlowTheoryAttribute : TheoryAttribute
{
    public SlowTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Slow.IsAskedFor ? null : Slow.Reason;
}
