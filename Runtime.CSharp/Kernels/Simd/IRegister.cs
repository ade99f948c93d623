namespace A3.Kernels.Simd;

/// <summary>The numbers of one register, for loops that are bound by their arithmetic.</summary>
internal unsafe interface IRegister<T>
    where T : struct, IRegister<T>
{
    static abstract int Count { get; }

    static abstract T Load(float* source);

    /// <summary>The same number in every lane.</summary>
    static abstract T All(float number);

    static abstract T operator +(T left, T right);

    static abstract T operator -(T left, T right);

    static abstract T operator -(T number);

    static abstract T operator *(T left, T right);

    static abstract T operator /(T left, T right);

    /// <summary>left right + sum, rounded once.</summary>
    static abstract T FusedMultiplyAdd(T left, T right, T sum);

    static abstract T Min(T left, T right);

    /// <summary>The first where the number is below the limit, the second elsewhere, also where it is none.</summary>
    static abstract T WhereBelow(T number, T limit, T first, T second);

    /// <summary>2^n of whole numbers n to which 1.5 * 2^23 was added: they are the low bits of such a sum.</summary>
    static abstract T PowerOfTwo(T shifted);

    /// <summary>The sum of all lanes.</summary>
    static abstract float Sum(T numbers);

    /// <summary>Adds the numbers to sums of float64, which the bits of <paramref name="low"/> and <paramref name="high"/> hold.</summary>
    static abstract void AddWide(T numbers, ref T low, ref T high);

    /// <summary>The sum of such sums.</summary>
    static abstract double SumWide(T low, T high);

    /// <summary>Adds the numbers, made whole, to sums of int64, which the bits of <paramref name="sums"/> hold.</summary>
    static abstract void AddWhole(T numbers, ref T sums);

    /// <summary>The sum of such sums.</summary>
    static abstract long SumWhole(T sums);

    void Store(float* target);
}
