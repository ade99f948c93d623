using System.Runtime.CompilerServices;
using TorchSharp;

namespace A3.Tests;

internal static class OneThread
{
    /// <summary>
    /// One thread of libtorch for each test: at the sizes of tests two spend their time waiting for each other, and the tests of two
    /// assemblies, each with a thread for each core, crawl.
    /// </summary>
    [ModuleInitializer]
    public static void Set()
    {
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", "1"); // for the processes that tests start
        Tensors.Native.ensure();
        torch.set_num_threads(1);
    }
}
