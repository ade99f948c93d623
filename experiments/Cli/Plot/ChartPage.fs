namespace A3.Cli

open System

/// A chart as one page of HTML that needs nothing else: under the pointer the values of every curve, below it the stages.
[<RequireQualifiedAccess>]
module ChartPage =

    let private style =
        "body{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#1f2937;margin:1rem auto;max-width:64rem}"
        + "svg{width:100%;height:auto}table{border-collapse:collapse;font-size:.85rem;margin:1rem 0 1rem 4%}"
        + "td,th{text-align:left;vertical-align:top;padding:.25rem .75rem;border-bottom:1px solid #e5e7eb}"
        + "code{overflow-wrap:anywhere}#pointer{stroke:#6b7280;stroke-width:1;display:none}"

    /// Follows the pointer: a line, and in the legend the nearest point of each curve.
    let private script =
        """
const svg = document.querySelector("svg"), pointer = document.getElementById("pointer");
const values = chart.series.map((_, i) => document.getElementById("value" + i));
const ends = values.map(value => value.textContent), title = document.querySelector(".note"), note = title.textContent;
const nearest = (points, x) => points.reduce((best, p) => Math.abs(p[0] - x) < Math.abs(best[0] - x) ? p : best);
const restore = () => {
  pointer.style.display = "none";
  title.textContent = note;
  values.forEach((value, i) => value.textContent = ends[i]);
};
svg.addEventListener("mousemove", event => {
  const box = svg.getBoundingClientRect();
  const at = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
  if (at < chart.from || at > chart.to) return restore();
  const tokens = (at - chart.from) / (chart.to - chart.from) * chart.tokens;
  pointer.setAttribute("x1", at);
  pointer.setAttribute("x2", at);
  pointer.style.display = "inline";
  title.textContent = note + " at " + Math.round(tokens).toLocaleString("en") + " tokens";
  values.forEach((value, i) => value.textContent = nearest(chart.series[i].points, tokens)[1].toFixed(3));
});
svg.addEventListener("mouseleave", restore);
"""

    /// As a literal of JavaScript: numbers alone, so nothing in it can end the script.
    let private data chart =
        let points (series: Series) =
            series.Points
            |> Seq.map (fun (x, y) -> Json.list [ Json.number x; Json.number (Math.Round(y, 4)) ])
            |> Json.list

        Json.record
            [
                "from", Json.number chart.X.From
                "to", Json.number chart.X.To
                "tokens", Json.number chart.X.High
                "series", Json.list [ for series in chart.Series -> Json.record [ "points", points series ] ]
            ]
        |> Json.print

    let private stages (history: RunHistory) =
        let row index stage =
            $"<tr><td>{index}</td><td>{Number.grouped (int64 stage.Start)}</td><td>{Number.percent stage.Share}</td><td><code>{Svg.escape stage.Text}</code></td></tr>"

        if history.Stages.IsEmpty then
            ""
        else
            let rows = history.Stages |> List.mapi row |> String.concat "\n"

            $"<table>\n<tr><th>stage</th><th>from token</th><th>share of the run</th><th>what it draws</th></tr>\n{rows}\n</table>"

    /// The whole page.
    let draw (history: RunHistory) chart =
        let width, height = Chart.size

        let pointer =
            $"""<line id="pointer" y1="{Svg.at chart.Y.To}" y2="{Svg.at chart.Y.From}"/>"""

        let picture = Svg.document width height (Chart.pieces chart @ [ pointer ])

        String.Join(
            "\n",
            [
                "<!DOCTYPE html>"
                Svg.signature
                "<html lang=\"en\"><head><meta charset=\"utf-8\">"
                $"<title>{Svg.escape chart.Title}</title>"
                $"<style>{style}</style></head><body>"
                picture.TrimEnd()
                stages history
                $"<script>\nconst chart = {data chart};{script}</script>"
                "</body></html>"
                ""
            ]
        )
