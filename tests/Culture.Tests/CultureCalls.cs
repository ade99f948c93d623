using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text;

namespace A3.Culture.Tests;

/// <summary>
/// Calls in an assembly whose result depends on the culture of the thread, read from its IL: numbers into text without a format provider,
/// numbers out of text, case, order and search of texts without a comparison.
/// </summary>
internal static class CultureCalls
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Negative numbers and fractions are written by the culture; what has no sign and no fraction is not.</summary>
    private static readonly HashSet<Type> Cultural =
    [
        typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(nint), typeof(Int128), typeof(Half), typeof(float), typeof(double),
        typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(System.Numerics.BigInteger),
    ];

    private static readonly string[] Compared =
        [nameof(string.StartsWith), nameof(string.EndsWith), nameof(string.IndexOf), nameof(string.LastIndexOf)];

    /// <summary>A line for each: the method, and what it calls.</summary>
    public static IEnumerable<string> Of(Assembly assembly) => assembly.GetTypes().SelectMany(Of);

    /// <summary>Those in a type; what the compiler writes for records to show themselves to programmers is left out.</summary>
    public static IEnumerable<string> Of(Type type) =>
        type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All))
            .Where(method => method.Name != "PrintMembers")
            .SelectMany(method => In(method).Select(call => $"{type}.{method.Name}: {call}"));

    private static IEnumerable<string> In(MethodBase method)
    {
        var byCulture = false;
        Type? constrained = null;
        Instruction previous = default;
        Queue<string> holes = new();
        foreach (var instruction in Instruction.Of(method))
        {
            switch (instruction.Operand)
            {
                case MethodBase { DeclaringType: { } owner } called:
                    byCulture = IsHandler(owner) && called.IsConstructor ? !HasProvider(called) : byCulture;
                    if (IsHandler(owner) ? byCulture && Formats(called) : IsCultural(called, constrained))
                    {
                        yield return $"{(constrained ?? owner).Name}.{called}";
                    }

                    break;
                case string text when text.Contains("%P(", StringComparison.Ordinal):
                    holes = Holes(text);
                    break;
            }

            if (instruction.Code == OpCodes.Stelem.Value || instruction.Code == OpCodes.Stelem_Ref.Value)
            {
                // The captures of an F# interpolation, one after the other.
                if (holes.TryDequeue(out var hole) && hole.Length == 0 && previous.Operand is Type boxed && IsNumber(boxed))
                {
                    yield return $"an interpolated {boxed.Name}";
                }
            }

            constrained = instruction.Code == OpCodes.Constrained.Value ? instruction.Operand as Type : null;
            previous = instruction;
        }
    }

    /// <summary>What stands before each hole of an F# format: `%d` writes without the culture, nothing does not.</summary>
    private static Queue<string> Holes(string format)
    {
        Queue<string> holes = new();
        for (var at = format.IndexOf("%P(", StringComparison.Ordinal); at >= 0; at = format.IndexOf("%P(", at + 1, StringComparison.Ordinal))
        {
            var from = format.LastIndexOf('%', Math.Max(0, at - 1));
            var isSpecifier = from >= 0 && from < at && at - from <= 6 && char.IsAsciiLetter(format[at - 1])
                && format[(from + 1)..(at - 1)].All(letter => char.IsAsciiDigit(letter) || letter is '.' or '-' or '+' or '0');
            holes.Enqueue(isSpecifier ? format[from..at] : "");
        }

        return holes;
    }

    private static bool IsNumber(Type type) => Cultural.Contains(Nullable.GetUnderlyingType(type) ?? type);

    private static bool IsHandler(Type type) =>
        type == typeof(DefaultInterpolatedStringHandler) || type == typeof(StringBuilder.AppendInterpolatedStringHandler);

    private static bool HasProvider(MethodBase method) =>
        method.GetParameters().Any(parameter => parameter.ParameterType == typeof(IFormatProvider));

    private static bool Formats(MethodBase method) => method.IsGenericMethod && IsNumber(method.GetGenericArguments()[0]);

    private static bool IsCultural(MethodBase called, Type? constrained)
    {
        var owner = constrained ?? called.DeclaringType!;
        if (HasProvider(called) || called.GetParameters().Any(parameter => parameter.ParameterType == typeof(CultureInfo)))
        {
            return false;
        }

        return called.Name switch
        {
            nameof(ToString) when owner == typeof(Convert) => IsNumber(called.GetParameters()[0].ParameterType),
            nameof(ToString) or "Parse" or "TryParse" => IsNumber(owner),
            nameof(StringBuilder.Append) or nameof(TextWriter.Write) or nameof(TextWriter.WriteLine)
                when owner == typeof(StringBuilder) || owner.IsAssignableTo(typeof(TextWriter)) || owner == typeof(Console) =>
                    called.GetParameters() is [var only] && IsNumber(only.ParameterType),
            nameof(StringBuilder.AppendFormat) => true,
            nameof(string.Concat) when owner == typeof(string) => called.GetParameters()[0].ParameterType == typeof(object),
            _ => IsCulturalOfTexts(called, owner),
        };
    }

    private static bool IsCulturalOfTexts(MethodBase called, Type owner)
    {
        var parameters = called.GetParameters();
        return called.Name switch
        {
            nameof(string.ToLower) or nameof(string.ToUpper) => owner == typeof(string) || owner == typeof(char),
            nameof(string.Compare) or nameof(string.CompareTo) when owner == typeof(string) =>
                parameters[^1].ParameterType != typeof(StringComparison),
            _ when Compared.Contains(called.Name) && owner == typeof(string) =>
                parameters[0].ParameterType == typeof(string) && parameters[^1].ParameterType != typeof(StringComparison),
            "Sort" or "Order" or "OrderBy" or "OrderDescending" or "OrderByDescending" or "ThenBy" when called.IsGenericMethod =>
                called.GetGenericArguments()[^1] == typeof(string)
                && !parameters.Any(parameter => parameter.ParameterType.Name.StartsWith("IComparer", StringComparison.Ordinal)),
            ".ctor" when owner.IsGenericType && owner.Name.StartsWith("Sorted", StringComparison.Ordinal) =>
                owner.GetGenericArguments()[0] == typeof(string)
                && !parameters.Any(parameter => parameter.ParameterType.Name.StartsWith("IComparer", StringComparison.Ordinal)),
            "get_CurrentCulture" or "get_CurrentUICulture" => true,
            _ => false,
        };
    }
}
