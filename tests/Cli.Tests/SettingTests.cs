using System.Reflection;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Xunit;

namespace A3.Cli.Tests;

/// <summary>Options are bound once: a table of settings names, limits, explains and sets each property of an option record.</summary>
public sealed class SettingTests
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["Curriculum"] = "infill",
        ["Field"] = "story",
        ["BrokenLines"] = "skip",
        ["QueryStart"] = "preceding",
        ["Compute"] = "bfloat16",
        ["Optimizer"] = "muon",
        ["Policy"] = "bisect | chunks 2",
        ["Pack"] = "true",
        ["Distil"] = "true",
        ["ActivationCheckpointing"] = "true",
        ["Causal"] = "true",
        ["Reference"] = "true",
        ["Context"] = "32",
        ["Vocabulary"] = "300",
        ["BatchTokens"] = "64",
        ["Initial"] = ".",
        ["Tokenizer"] = ".",
    };

    private static Given Given<T>(Setting<T> setting) => new(
        setting.Name,
        ListModule.OfSeq([Texts.GetValueOrDefault(setting.Property, setting.Form == Form.Number ? "0.25" : "text")]),
        FuncConvert.FromAction<string>(_ => { }));

    /// <summary>Sets each setting alone and compares its property before and after.</summary>
    private static void AssertEachSetsItsProperty<T>(IEnumerable<Setting<T>> settings, T usual)
    {
        foreach (var setting in settings.Where(setting => setting.Property.Length > 0 && typeof(T).GetProperty(setting.Property) is not null))
        {
            var property = typeof(T).GetProperty(setting.Property)!;
            var given = Given(setting);
            var whole = property.PropertyType == typeof(int) || property.PropertyType == typeof(long)
                || property.PropertyType == typeof(int?) || property.PropertyType == typeof(long?);
            if (setting.Form == Form.Number && whole && !Texts.ContainsKey(setting.Property))
            {
                given = new(given.Name, ListModule.OfSeq(["17"]), given.Remark);
            }

            var changed = setting.Set.Invoke(given).Invoke(usual);
            Assert.True(!Equals(property.GetValue(usual), property.GetValue(changed)), $"{setting.Name} sets nothing.");
            Assert.All(
                typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(other => other.Name != property.Name),
                other => Assert.Equal(other.GetValue(usual), other.GetValue(changed)));
        }
    }

    [Fact]
    public void Every_setting_of_training_sets_its_own_property_and_no_other() =>
        AssertEachSetsItsProperty(TrainingSettings.all, TrainingSettings.usual);

    [Fact]
    public void Every_setting_of_a_resumed_run_sets_its_own_property_and_no_other() =>
        AssertEachSetsItsProperty(ResumeSettings.all, new ResumeOptions());

    [Fact]
    public void Every_setting_of_decoding_sets_its_own_property_and_no_other() =>
        AssertEachSetsItsProperty(DecodingSettings.all, DecodingSettings.usual);

    [Fact]
    public void Every_option_of_training_has_a_setting()
    {
        string[] ofEveryCommand = ["Seed", "SavedAs", "Device", "ExtendedTo"];
        var set = TrainingSettings.all.Select(setting => setting.Property).Concat(ofEveryCommand);

        Assert.Empty(typeof(TrainingOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name).Except(set));
    }

    [Fact]
    public void Every_number_a_setting_takes_is_one_that_the_library_takes()
    {
        // The defaults of the library pass through the limits of the program.
        foreach (var setting in TrainingSettings.all.Where(setting => setting.Form == Form.Number))
        {
            if (typeof(TrainingOptions).GetProperty(setting.Property)!.GetValue(TrainingSettings.usual) is { } value)
            {
                var text = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!;
                var set = setting.Set.Invoke(new(setting.Name, ListModule.OfSeq([text]), FuncConvert.FromAction<string>(_ => { }))).Invoke(TrainingSettings.usual);
                Assert.Equal(TrainingSettings.usual, set);
            }
        }
    }

    [Theory]
    [InlineData("--parallel-micro-batches", "--lanes", "2")]
    [InlineData("--gradient-accumulation-steps", "--accumulate", "2")]
    public void Names_of_version_0_1_are_understood_but_not_beside_their_new_ones(string name, string old, string value)
    {
        var help = CommandLine.Run("train", "--help").Out;
        var refused = CommandLine.Run("train", "a", "--out", "x", old, "0").Error;
        var both = CommandLine.Run("train", "a", "--out", "x", old, value, name, value);

        Assert.Contains($"{name} <", help, StringComparison.Ordinal);
        Assert.DoesNotContain($"{old} ", help, StringComparison.Ordinal);
        Assert.StartsWith($"a3: {old} 0: expected a whole number in 1..", refused, StringComparison.Ordinal);
        Assert.Equal(2, both.Code);
        Assert.Matches($"a3: ({name} and {old}|{old} and {name}) say the same; give one of the two.", both.Error);
    }
}
