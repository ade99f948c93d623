namespace A3.Bench;

/// <summary>A figure measured several times: the median, and the quartiles around it.</summary>
public readonly record struct Spread(double Median, double Low, double High)
{
    /// <exception cref="ArgumentException">Nothing was measured.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];

        return sorted.Length > 0
            ? new(Quantile(sorted, 0.5), Quantile(sorted, 0.25), Quantile(sorted, 0.75))
            : throw new ArgumentException("no values; a median needs at least one.", nameof(values));
    }

    /// <summary>The value below which a share of the sorted values lies, interpolated between neighbours.</summary>
    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
