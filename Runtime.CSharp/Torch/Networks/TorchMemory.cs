using System.Runtime.InteropServices;

namespace A3.Torch.Networks;

/// <summary>What libtorch throws where a device has not enough memory.</summary>
internal static class TorchMemory
{
    public static bool IsShort(ExternalException error) =>
        error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("not enough memory", StringComparison.OrdinalIgnoreCase);

    /// <param name="what">What needs the memory.</param>
    /// <param name="error">See <see cref="IsShort"/>.</param>
    public static A3Exception Short(string what, ExternalException error) => new(
        $"{what} needs more memory than the device has: {Shown.Text(error.Message)}; start fewer decodes at a time, or shorter ones.", error);
}
