#pragma warning disable CA1304, CA1305, CA1310, CA1311
namespace A3.Culture.Tests;

/// <summary>One method for every kind of call that depends on the culture.</summary>
internal static class CultureCallSamples
{
    public static string Interpolated(int number) => $"{number}";

    public static string Formatted(double number) => number.ToString("F2");

    public static double Parsed(string text) => double.Parse(text);

    public static string Lowered(string text) => text.ToLower();

    public static bool Compared(string text) => text.StartsWith("a");

    public static string[] Sorted(string[] texts) => [.. texts.Order()];

    public static void Written(TextWriter writer, double number) => writer.Write(number);
}
