using Xunit;

namespace A3.Docs.Tests;

/// <summary>Tests that take standard output for themselves, and so run alone.</summary>
[CollectionDefinition("Standard output", DisableParallelization = true)]
public sealed class StandardOutput;
