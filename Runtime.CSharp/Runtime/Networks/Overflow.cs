namespace A3.Runtime.Networks;

using A3.Model;

/// <summary>Activations that a number type cannot hold: the error says where, and what to do.</summary>
internal static class Overflow
{
    /// <summary>In a layer, counted from 0; null for the output head.</summary>
    public static A3Exception In(int? layer, NumberType type)
    {
        var place = layer is int index ? $"model.layers.{index}" : ArchitectureModule.head;
        var remedy = type == NumberType.Float16 ? "compute in bfloat16 or float32" : "the weights are not those of a sound model";
        return new($"{place}: {(layer is null ? "logits" : "activations")} overflow {type.Name()}, which {type.Bound()}; {remedy}.")
        {
            Place = place,
            Rule = $"{type.Name()} {type.Bound()}",
        };
    }

    /// <summary>The log-probability; minus infinity is that of a logit which the number type cannot hold.</summary>
    /// <exception cref="A3Exception">It is not finite.</exception>
    public static double Finite(double logProbability, NumberType type) =>
        double.IsFinite(logProbability) ? logProbability : throw In(null, type);
}
