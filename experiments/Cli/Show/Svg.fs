namespace A3.Cli

open System
open System.Globalization

/// Pieces of a self-contained SVG picture, as text.
[<RequireQualifiedAccess>]
module Svg =

    /// By which the program knows its own pictures and pages.
    let signature = "<!-- drawn by a3 -->"

    let escape (text: string) =
        text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;")
        |> String.map (fun letter -> if Char.IsControl letter then ' ' else letter)

    /// A coordinate, to a hundredth.
    let at (value: float) =
        value.ToString("0.##", CultureInfo.InvariantCulture)

    let rectangle x y width height fill =
        $"""<rect x="{at x}" y="{at y}" width="{at width}" height="{at height}" fill="{fill}"/>"""

    /// Text from its left end, at its baseline.
    let text x y style content =
        $"""<text x="{at x}" y="{at y}" class="{style}">{escape content}</text>"""

    /// A title, cut where it would leave a picture of this width.
    let title (width: float) x y (content: string) =
        let most = int ((width - x) / 11.0)

        if content.Length > most then
            text x y "title" (content.Substring(0, most - 3) + "...")
        else
            text x y "title" content

    /// Text that a script may find by its id.
    let named id x y style content =
        (text x y style content).Replace("<text ", $"<text id=\"{id}\" ")

    /// A straight line; `style` is a class.
    let line x1 y1 x2 y2 style =
        $"""<line x1="{at x1}" y1="{at y1}" x2="{at x2}" y2="{at y2}" class="{style}"/>"""

    /// A line through points.
    let curve colour width (points: (float * float) seq) =
        let path = points |> Seq.map (fun (x, y) -> $"{at x},{at y}") |> String.concat " "

        $"""<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{at width}" stroke-linejoin="round"/>"""

    /// A filled circle.
    let dot colour radius (x, y) =
        $"""<circle cx="{at x}" cy="{at y}" r="{at radius}" fill="{colour}"/>"""

    /// Many rectangles (x, y, width, height) of one fill.
    let rectangles fill (items: (float * float * float * float) seq) =
        let pieces =
            items
            |> Seq.map (fun (x, y, width, height) -> $"M{at x} {at y}h{at width}v{at height}h{at -width}z")
            |> String.Concat

        if pieces = "" then
            ""
        else
            $"""<path d="{pieces}" fill="{fill}"/>"""

    let private style =
        "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#1f2937}"
        + ".title{font-size:20px;font-weight:600}.heading{font-size:14px;font-weight:600}"
        + ".note{font-size:12px;fill:#6b7280}.label{font-size:10px;fill:#6b7280}"
        + ".row{font-size:10px;fill:#6b7280;text-anchor:end}.column{font-size:10px;fill:#6b7280;text-anchor:middle}"
        + ".key{font-size:12px}.value{font-size:12px;font-variant-numeric:tabular-nums;text-anchor:end}"
        + ".grid{stroke:#e5e7eb;stroke-width:1}.border{stroke:#9ca3af;stroke-width:1;stroke-dasharray:4 3}"

    /// The whole picture on white.
    let document (width: float) (height: float) (pieces: string seq) =
        let body = String.Join("\n", pieces |> Seq.filter (fun piece -> piece <> ""))

        let size =
            $"width='{at width}' height='{at height}' viewBox='0 0 {at width} {at height}'"

        $"""<svg xmlns="http://www.w3.org/2000/svg" {size}>
{signature}
<style>{style}</style>
{rectangle 0.0 0.0 width height "#ffffff"}
{body}
</svg>
"""
