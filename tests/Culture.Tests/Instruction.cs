using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace A3.Culture.Tests;

/// <summary>An instruction of IL.</summary>
/// <param name="Code">Its opcode.</param>
/// <param name="Operand">The method, type or text that it names; null for all others.</param>
internal readonly record struct Instruction(short Code, object? Operand)
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>All of a method; none where it has no body.</summary>
    public static IEnumerable<Instruction> Of(MethodBase method)
    {
        var bytes = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < bytes.Length;)
        {
            var value = bytes[at] == 0xFE ? BinaryPrimitives.ReadInt16BigEndian(bytes.AsSpan(at)) : bytes[at];
            var code = Codes[value];
            at += code.Size;
            yield return new(value, Named(method, code, bytes, at));
            at += code.OperandType == OperandType.InlineSwitch
                ? 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)))
                : Size(code.OperandType);
        }
    }

    private static int Size(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private static object? Named(MethodBase method, OpCode code, byte[] bytes, int at)
    {
        if (code.OperandType is not (OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineString or OperandType.InlineTok))
        {
            return null;
        }

        var token = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
        var types = method.DeclaringType is { IsGenericType: true } owner ? owner.GetGenericArguments() : null;
        var methods = method.IsGenericMethod ? method.GetGenericArguments() : null;
        return code.OperandType switch
        {
            OperandType.InlineString => method.Module.ResolveString(token),
            OperandType.InlineMethod => method.Module.ResolveMethod(token, types, methods),
            _ => method.Module.ResolveMember(token, types, methods),
        };
    }
}
