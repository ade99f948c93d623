using Xunit;

namespace A3.Slow.Tests;

public sealed class StoppedTrainingTests
{
    [SlowTheory]
    [InlineData("PROGRAM TRAIN > out & until [ -s out ]; do sleep 0.02; done; kill -HUP $!; wait $!", 130, "stopped at step")]
    [InlineData("trap '' HUP; PROGRAM TRAIN > out & until [ -s out ]; do sleep 0.02; done; kill -HUP $!; sleep 0.3; kill -TERM $!; wait $!", 130, "stopped at step")]
    [InlineData("set -o pipefail; a3 TRAIN | head -n 1 > out", 141, "stopped at step")]
    [InlineData("a3 TRAIN > /dev/full", 1, "standard output: No space left on device. The run is stopped at step")]
    public void However_training_ends_it_is_saved(string script, int code, string message)
    {
        using var folder = new Folder();
        ToyTraining.AssertSaved(folder, script, code, message);
    }
}
