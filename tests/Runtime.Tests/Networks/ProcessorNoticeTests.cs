using Xunit;

namespace A3.Runtime.Tests.Networks;

public sealed class ProcessorNoticeTests
{
    [Theory]
    [InlineData(false, true, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void A_program_says_when_it_was_compiled_without_registers_that_its_processor_has(bool uses, bool has, bool says) =>
        Assert.Equal(says, ProcessorNotice.Of(uses, has)?.Contains("IlcInstructionSet", StringComparison.Ordinal) == true);

    /// <summary>.NET compiles these tests for the processor they run on.</summary>
    [Fact]
    public void A_program_that_dotnet_runs_has_nothing_to_say() => Assert.Null(ProcessorNotice.Of());
}
