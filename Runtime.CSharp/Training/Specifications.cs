namespace A3.Runtime;

/// <summary>Specifications from their text form, as exceptions of this layer where the text is wrong.</summary>
internal static class Specifications
{
    /// <exception cref="A3.SpecificationException">The text is neither a built-in name nor a curriculum.</exception>
    public static Model.Curriculum Curriculum(string text) => A3.Curriculum.Parse(text).Spec;

    /// <exception cref="A3.SpecificationException">The text is not a grouping.</exception>
    public static Model.Grouping Grouping(string text) => A3.Grouping.Parse(text).Spec;
}
