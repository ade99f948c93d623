using System.Globalization;
using Xunit;

namespace A3.Culture.Tests;

/// <summary>Cultures that write numbers, lower letters and sort texts in other ways than the invariant one.</summary>
internal static class Cultures
{
    /// <summary>A decimal comma; the Turkish i; a minus sign of its own; other signs and digits, from right to left; a slash before fractions.</summary>
    public static readonly string[] Names = ["de-DE", "tr-TR", "sv-SE", "ar-SA", "fa-IR"];

    /// <summary>Whether this process has cultures; without ICU it is built to have none.</summary>
    public static bool AreThere => !(AppContext.TryGetSwitch("System.Globalization.Invariant", out var isInvariant) && isInvariant);

    /// <summary>Skips the test where there are no cultures.</summary>
    public static void Require() => Assert.SkipUnless(
        AreThere, "this system had no ICU (libicuuc) when the tests were built, so they know no culture but the invariant one.");

    /// <summary>What work gives on a machine of a culture, on all of its threads.</summary>
    public static T Under<T>(string culture, Func<T> work)
    {
        var (own, ownOfThreads) = (CultureInfo.CurrentCulture, CultureInfo.DefaultThreadCurrentCulture);
        try
        {
            CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = new(culture);
            return work();
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.DefaultThreadCurrentCulture) = (own, ownOfThreads);
        }
    }
}
