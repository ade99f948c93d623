using Xunit;

namespace A3.Torch.Tests;

public sealed class PrecisionTests
{
    [Fact]
    public void The_cpu_computes_in_every_precision()
    {
        var directory = Fixtures.Shared("stories260K");
        var greedy = new DecodingOptions { Sampling = SamplingOptions.Greedy };

        var texts = Enum.GetValues<NumberType>().Select(precision =>
        {
            using var model = A3Model.Load(directory, new LoadOptions { Device = Device.Cpu, Precision = precision });
            return model.Generate("Once upon a time", 20, greedy).Text;
        });

        Assert.All(texts, text => Assert.StartsWith("Once upon a time, there was a little girl", text, StringComparison.Ordinal));
    }
}
