using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace A3.Kernels.Simd;

/// <summary>The kinds of registers; a loop is written once for all of them, and its caller chooses.</summary>
internal static unsafe class Registers
{
    /// <summary>Whether <see cref="Wide"/> is one register.</summary>
    public static bool AreWide => Vector512.IsHardwareAccelerated;

    /// <summary>A register of 512 bits.</summary>
    internal readonly struct Wide(Vector512<float> numbers) : IRegister<Wide>
    {
        private readonly Vector512<float> numbers = numbers;

        public static int Count => Vector512<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide Load(float* source) => new(Vector512.Load(source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide All(float number) => new(Vector512.Create(number));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide operator +(Wide left, Wide right) => new(left.numbers + right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide operator -(Wide left, Wide right) => new(left.numbers - right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide operator -(Wide number) => new(-number.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide operator *(Wide left, Wide right) => new(left.numbers * right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide operator /(Wide left, Wide right) => new(left.numbers / right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide FusedMultiplyAdd(Wide left, Wide right, Wide sum) =>
            new(Vector512.FusedMultiplyAdd(left.numbers, right.numbers, sum.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide Min(Wide left, Wide right) => new(Vector512.Min(left.numbers, right.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide WhereBelow(Wide number, Wide limit, Wide first, Wide second) =>
            new(Vector512.ConditionalSelect(Vector512.LessThan(number.numbers, limit.numbers), first.numbers, second.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Wide PowerOfTwo(Wide shifted) =>
            new(Vector512.AsSingle(Vector512.ShiftLeft(Vector512.AsInt32(shifted.numbers), 23) + Vector512.Create(0x3f800000)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(Wide numbers) => Vector512.Sum(numbers.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddWide(Wide numbers, ref Wide low, ref Wide high)
        {
            var (first, second) = Vector512.Widen(numbers.numbers);
            low = new(Vector512.AsSingle(Vector512.AsDouble(low.numbers) + first));
            high = new(Vector512.AsSingle(Vector512.AsDouble(high.numbers) + second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double SumWide(Wide low, Wide high) =>
            Vector512.Sum(Vector512.AsDouble(low.numbers) + Vector512.AsDouble(high.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddWhole(Wide numbers, ref Wide sums)
        {
            var (first, second) = Vector512.Widen(Vector512.ConvertToInt32Native(numbers.numbers));
            sums = new(Vector512.AsSingle(Vector512.AsInt64(sums.numbers) + first + second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static long SumWhole(Wide sums) => Vector512.Sum(Vector512.AsInt64(sums.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* target) => numbers.Store(target);
    }

    /// <summary>A register of whatever width the machine has.</summary>
    internal readonly struct Plain(Vector<float> numbers) : IRegister<Plain>
    {
        private readonly Vector<float> numbers = numbers;

        public static int Count => Vector<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain Load(float* source) => new(Vector.Load(source));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain All(float number) => new(Vector.Create(number));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain operator +(Plain left, Plain right) => new(left.numbers + right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain operator -(Plain left, Plain right) => new(left.numbers - right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain operator -(Plain number) => new(-number.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain operator *(Plain left, Plain right) => new(left.numbers * right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain operator /(Plain left, Plain right) => new(left.numbers / right.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain FusedMultiplyAdd(Plain left, Plain right, Plain sum) =>
            new(Vector.FusedMultiplyAdd(left.numbers, right.numbers, sum.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain Min(Plain left, Plain right) => new(Vector.Min(left.numbers, right.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain WhereBelow(Plain number, Plain limit, Plain first, Plain second) =>
            new(Vector.ConditionalSelect(Vector.LessThan(number.numbers, limit.numbers), first.numbers, second.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Plain PowerOfTwo(Plain shifted) =>
            new(Vector.AsVectorSingle(Vector.ShiftLeft(Vector.AsVectorInt32(shifted.numbers), 23) + Vector.Create(0x3f800000)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(Plain numbers) => Vector.Sum(numbers.numbers);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddWide(Plain numbers, ref Plain low, ref Plain high)
        {
            Vector.Widen(numbers.numbers, out var first, out var second);
            low = new(Vector.AsVectorSingle(Vector.AsVectorDouble(low.numbers) + first));
            high = new(Vector.AsVectorSingle(Vector.AsVectorDouble(high.numbers) + second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static double SumWide(Plain low, Plain high) =>
            Vector.Sum(Vector.AsVectorDouble(low.numbers) + Vector.AsVectorDouble(high.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void AddWhole(Plain numbers, ref Plain sums)
        {
            Vector.Widen(Vector.ConvertToInt32Native(numbers.numbers), out var first, out var second);
            sums = new(Vector.AsVectorSingle(Vector.AsVectorInt64(sums.numbers) + first + second));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static long SumWhole(Plain sums) => Vector.Sum(Vector.AsVectorInt64(sums.numbers));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* target) => numbers.Store(target);
    }
}
