using System.Text;
using System.Text.Json.Nodes;
using A3.Fuzz.Tests.Mutators;
using FsCheck;
using FsCheck.Fluent;

namespace A3.Fuzz.Tests.Formats;

/// <summary>Rows of `a3 infill --batch` and `a3 score --batch`, six at a time.</summary>
internal static class BatchRows
{
    private const int Rows = 6;

    private static readonly Lazy<string> Model = new(() =>
    {
        var folder = new Folder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return TinyCheckpoint.In(folder);
    });

    public static IEnumerable<Format> All => [Of("infill", Filled), Of("score", Scored)];

    private static readonly Gen<string> Words = Gen.Elements("Tom", " had a", " red ball", ". He", " was very", " happy", "é").NonEmptyListOf()
        .Select(words => string.Concat(words.Take(6)));

    private static readonly Gen<JsonNode> Template =
        from before in Words from length in Gen.Choose(1, 4) from behind in Words select (JsonNode)$"{before} {{{length}}}{behind}.";

    private static readonly Gen<JsonNode> Parts =
        from before in Words
        from gap in Gen.Elements<JsonNode>(2, "1..3")
        from behind in Words
        select (JsonNode)new JsonArray(before + " ", new JsonObject { ["gap"] = gap.DeepClone() }, behind + ".");

    private static readonly Gen<Action<JsonObject>> Decoding = Gen.Elements<Action<JsonObject>>(
        _ => { }, row => row["seed"] = 7, row => row["policy"] = "bisect | chunks 2", row => row["policy"] = "entropy | constant 2",
        row => row["temperature"] = 0.5, row => (row["top-k"], row["top-p"]) = (9, 0.9), row => row["speculative"] = 2,
        row => row["forbid"] = new JsonArray("x", "yy"), row => row["revise"] = 1, row => row["id"] = "row");

    private static Gen<JsonObject> Filled { get; } =
        from gaps in Gen.OneOf(Template.Select(text => ("template", text)), Parts.Select(parts => ("parts", parts)))
        from more in Decoding
        select With(more, gaps);

    private static Gen<JsonObject> Scored { get; } = Gen.OneOf(
        Words.Select(text => With(_ => { }, ("text", text))),
        from before in Words
        from part in Words
        from grouping in Gen.Elements("bisect", "left-to-right | chunks 2", "random 3 | singletons")
        select With(row => row["grouping"] = grouping, ("template", $"{before}[[{part}]]")),
        from before in Words
        from part in Words
        select With(row => row["end"] = true, ("parts", new JsonArray(before, new JsonObject { ["score"] = part }))),
        Gen.Constant(With(row => row["causal"] = true, ("text", "Tom had a ball."))),
        from before in Words
        select With(row => row["alternatives"] = new JsonArray("red", "blue"), ("template", $"{before} {{1}} ball.")),
        from tokens in Gen.Choose(3, 250).ListOf(4)
        select With(_ => { }, ("tokens", new JsonArray([1, .. tokens.Select(token => (JsonNode)token)]))));

    private static Format Of(string command, Gen<JsonObject> row) => new(
        $"{command} rows", row.ListOf(Rows).Select(rows => Encoding.UTF8.GetBytes(string.Concat(rows.Select(item => item.ToJsonString() + "\n")))),
        JsonMutator.MutateLines, rows => ProgramRun.Rows(command, Model.Value, rows))
    {
        Rarity = 6,
    };

    private static JsonObject With(Action<JsonObject> change, (string Name, JsonNode Value) field)
    {
        var row = new JsonObject { [field.Name] = field.Value.DeepClone() };
        change(row);
        return row;
    }
}
