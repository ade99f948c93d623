using System.Collections.Immutable;

namespace A3;

/// <summary>A tensor of a checkpoint as it is stored.</summary>
/// <param name="Name">Its Hugging Face name.</param>
/// <param name="NumberType">As safetensors has it, such as F32 or BF16.</param>
/// <param name="Shape">Rows first.</param>
/// <param name="Bytes">Of all its numbers.</param>
public sealed record TensorInfo(string Name, string NumberType, ImmutableArray<long> Shape, long Bytes);
