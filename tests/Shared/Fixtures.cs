using Xunit;

namespace A3.Tests;

/// <summary>Where reference numbers lie: in the repository, or in a `shared` folder beside or above it.</summary>
internal static class Fixtures
{
    /// <summary>A directory of tests/fixtures; it is part of the repository, so its absence is a failure.</summary>
    public static string Repository(string name) => InRepository("tests", "fixtures", name);

    /// <summary>A directory of the repository.</summary>
    public static string InRepository(params string[] path) =>
        Above(Path.Combine(path))
        ?? throw new DirectoryNotFoundException($"{string.Join('/', path)} is not above {AppContext.BaseDirectory}.");

    /// <summary>A directory of shared/fixtures; skips the test where there is none.</summary>
    public static string Shared(string name) => SharedFolder("fixtures", name);

    /// <summary>A directory of shared/tokenizers; skips the test where there is none.</summary>
    public static string Tokenizer(string name) => SharedFolder("tokenizers", name);

    private static string SharedFolder(string kind, string name)
    {
        string inside = Path.Combine(kind, name);
        string? directory = Environment.GetEnvironmentVariable("A3_SHARED") is { Length: > 0 } shared
            ? Existing(Path.Combine(shared, inside))
            : Above(Path.Combine("shared", inside));
        Assert.SkipWhen(
            directory is null,
            $"shared/{kind}/{name} is not above the tests; A3_SHARED may name the folder that holds {kind}/.");
        return directory!;
    }

    private static string? Above(string relative)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Existing(Path.Combine(folder.FullName, relative)) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static string? Existing(string directory) => Directory.Exists(directory) ? directory : null;
}
