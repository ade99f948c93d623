using System.Globalization;
using System.Text;

// The compiler writes $"..." by the type of this name and prefers the one of the assembly that it compiles. So no text of our libraries
// follows the culture of a thread: a negative number or a fraction in an error is the same bytes everywhere.
namespace System.Runtime.CompilerServices
{
    /// <summary>Writes interpolated strings by the invariant culture.</summary>
    /// <param name="literals">Characters between the holes.</param>
    /// <param name="holes">How many holes there are.</param>
    [Microsoft.CodeAnalysis.Embedded]
    [InterpolatedStringHandler]
    internal ref struct DefaultInterpolatedStringHandler(int literals, int holes)
    {
        private readonly StringBuilder text = new(literals + (8 * holes));

        public void AppendLiteral(string value) => text.Append(value);

        public void AppendFormatted(string? value) => text.Append(value);

        public void AppendFormatted(ReadOnlySpan<char> value) => text.Append(value);

        public void AppendFormatted<T>(T value) => Invariant().AppendFormatted(value);

        public void AppendFormatted<T>(T value, string format) => Invariant().AppendFormatted(value, format);

        public readonly string ToStringAndClear() => text.ToString();

        private readonly StringBuilder.AppendInterpolatedStringHandler Invariant() => new(0, 1, text, CultureInfo.InvariantCulture);
    }
}

namespace Microsoft.CodeAnalysis
{
    /// <summary>Hides a type from other assemblies, those that see internal types too.</summary>
    [Embedded]
    internal sealed class EmbeddedAttribute : Attribute;
}
