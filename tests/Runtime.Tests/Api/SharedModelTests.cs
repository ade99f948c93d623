using Xunit;

namespace A3.Runtime.Tests.Api;

using A3.Model;

/// <summary>Many threads use one model on the CPU, and dispose of things under each other's hands.</summary>
public sealed class SharedModelTests : SharedModelLaws
{
    private protected override INetwork Network(Architecture architecture, NumberType type) => RandomNetwork.Create(architecture, threads: 2);

    [Theory]
    [InlineData(NumberType.Float32)]
    public void What_32_threads_fill_score_stream_fork_batch_cancel_and_dispose_of_is_bit_for_bit_what_one_gets_alone(NumberType type) =>
        AssertSameBits(type);

    [Theory]
    [InlineData(NumberType.Float32)]
    public void A_model_that_is_disposed_of_while_32_threads_use_it_gives_right_results_and_then_says_that_it_is_gone(NumberType type) =>
        AssertGone(type);
}
