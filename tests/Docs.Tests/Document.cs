namespace A3.Docs.Tests;

/// <summary>A fenced block of a document: its language, its lines, and the number of its first line, from 1.</summary>
internal sealed record Block(string Document, int Line, string Language, string[] Lines)
{
    /// <summary>The block that follows, where only blank lines stand between.</summary>
    public Block? Next { get; set; }

    public string Text => string.Join('\n', Lines);

    public override string ToString() => $"{Document}:{Line}";
}

/// <summary>A Markdown document as its blocks and its prose.</summary>
internal sealed class Document
{
    private readonly List<Block> blocks = [];
    private readonly List<(int Line, string Text)> prose = [];

    public Document(string path)
    {
        Path = path;
        var lines = Repository.Read(path).Split('\n');
        Block? before = null;
        for (var at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith("```", StringComparison.Ordinal))
            {
                prose.Add((at + 1, lines[at]));
                before = lines[at].Trim().Length > 0 ? null : before;
                continue;
            }

            var end = Array.FindIndex(lines, at + 1, line => line.TrimEnd() == "```");
            var block = new Block(path, at + 2, lines[at][3..].Trim(), lines[(at + 1)..(end < 0 ? lines.Length : end)]);
            blocks.Add(block);
            if (before is not null)
            {
                before.Next = block;
            }

            (before, at) = (block, end < 0 ? lines.Length : end);
        }
    }

    public static IReadOnlyList<Document> All { get; } = [.. Repository.Documents.Select(path => new Document(path))];

    public string Path { get; }

    public IReadOnlyList<Block> Blocks => blocks;

    /// <summary>The lines outside blocks, with their numbers.</summary>
    public IReadOnlyList<(int Line, string Text)> Prose => prose;

    /// <summary>The blocks of a language in all documents.</summary>
    public static IReadOnlyList<Block> BlocksOf(params string[] languages) =>
        [.. All.SelectMany(document => document.Blocks).Where(block => languages.Contains(block.Language))];
}
