using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace A3.Cli.Tests;

/// <summary>The coloured squares of a picture's grids, by their places.</summary>
internal static partial class PictureSquares
{
    /// <summary>Each grid of so many rows and columns, from left to right: the colour at each marked place.</summary>
    public static Dictionary<(int Row, int Column), string>[] Grids(string path, int side)
    {
        var picture = XDocument.Load(path);
        var grounds = Named(picture, "rect")
            .Select(rect => (X: Number(rect, "x"), Y: Number(rect, "y"), Width: Number(rect, "width"), Height: Number(rect, "height")))
            .Where(ground => ground.Width == ground.Height && ground.Width > 4 * side)
            .ToArray();
        var squares = Named(picture, "path").SelectMany(shape => Corner().Matches(shape.Attribute("d")!.Value)
            .Select(corner => (X: Number(corner.Groups[1].Value), Y: Number(corner.Groups[2].Value), Colour: shape.Attribute("fill")!.Value)));
        return
        [
            .. grounds.Select(ground => squares
                .Where(square => square.X >= ground.X && square.X < ground.X + ground.Width && square.Y >= ground.Y && square.Y < ground.Y + ground.Height)
                .ToDictionary(
                    square => (Place(square.Y - ground.Y, ground.Height / side), Place(square.X - ground.X, ground.Width / side)), square => square.Colour)),
        ];
    }

    private static int Place(double offset, double cell) => (int)Math.Round(offset / cell);

    private static IEnumerable<XElement> Named(XDocument picture, string name) => picture.Descendants().Where(element => element.Name.LocalName == name);

    private static double Number(XElement element, string name) => Number(element.Attribute(name)?.Value ?? "0");

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"M([\d.-]+) ([\d.-]+)h")]
    private static partial Regex Corner();
}
