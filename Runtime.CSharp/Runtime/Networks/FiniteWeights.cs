using System.Globalization;
using System.Numerics;
using A3.Runtime.Checkpoints;

namespace A3.Runtime.Networks;

/// <summary>Weights as networks read them: each is a finite number, also in the type that the network computes in.</summary>
internal static class FiniteWeights
{
    /// <summary>Numbers converted and checked at a time: they are still in the first cache.</summary>
    private const int Piece = 1 << 12;

    /// <summary>All numbers of a tensor as float32, in an array of their own.</summary>
    /// <exception cref="CheckpointException">One is not finite, or too large for the type.</exception>
    public static float[] ToWeights(this TensorView view, NumberType type = NumberType.Float32)
    {
        var numbers = new float[view.Count];
        for (long start = 0; start < numbers.Length; start += Piece)
        {
            var piece = numbers.AsSpan((int)start, (int)Math.Min(Piece, numbers.Length - start));
            view.Read(start, piece);
            Check(view, start, piece, type);
        }

        return numbers;
    }

    /// <summary>Reads a tensor that is used where it lies.</summary>
    /// <exception cref="CheckpointException">A number is not finite, or too large for the type.</exception>
    public static void Check(TensorView view, NumberType type)
    {
        Span<float> numbers = stackalloc float[Piece];
        for (long start = 0; start < view.Count; start += Piece)
        {
            var piece = numbers[..(int)Math.Min(Piece, view.Count - start)];
            view.Read(start, piece);
            Check(view, start, piece, type);
        }
    }

    private static void Check(TensorView view, long start, ReadOnlySpan<float> piece, NumberType type)
    {
        var limit = type.Overflow();
        if (AreBelow(piece, limit))
        {
            return;
        }

        var place = 0;
        while (Math.Abs(piece[place]) < limit)
        {
            place++;
        }

        throw new CheckpointException(
            view.File,
            view.Name,
            string.Create(CultureInfo.InvariantCulture, $"number {start + place} is {piece[place]}"),
            float.IsFinite(piece[place])
                ? $"weights must be finite, and {type.Name()} {type.Bound()}: compute in bfloat16 or float32."
                : "weights must be finite: the checkpoint is damaged; take another one.");
    }

    private static bool AreBelow(ReadOnlySpan<float> numbers, float limit)
    {
        var limits = new Vector<float>(limit);
        var below = Vector<int>.AllBitsSet;
        var place = 0;
        for (; place <= numbers.Length - Vector<float>.Count; place += Vector<float>.Count)
        {
            // Not so of a NaN.
            below &= Vector.LessThan(Vector.Abs(new Vector<float>(numbers[place..])), limits);
        }

        var isBelow = Vector.EqualsAll(below, Vector<int>.AllBitsSet);
        for (; place < numbers.Length; place++)
        {
            isBelow &= Math.Abs(numbers[place]) < limit;
        }

        return isBelow;
    }
}
