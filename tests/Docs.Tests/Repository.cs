namespace A3.Docs.Tests;

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its top folder.</summary>
    public static readonly string Root = Above("A3.Fun.sln");

    /// <summary>All documents, by their paths from the top folder.</summary>
    public static readonly string[] Documents =
    [
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
        .. Paths("docs", "*.md"), .. Paths("experiments", "README.md"), .. Paths("tests", "README.md"),
    ];

    /// <summary>Files under a folder, by their paths from the top folder; build outputs aside.</summary>
    public static string[] Paths(string folder, string pattern) =>
    [
        .. Directory.GetFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a file.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    private static string Above(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, file)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"{file} is not above {AppContext.BaseDirectory}.");
    }
}
