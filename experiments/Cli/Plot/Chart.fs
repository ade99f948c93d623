namespace A3.Cli

open System

/// A named curve of losses over tokens.
type Series =
    {
        Name: string
        Colour: string
        Points: (float * float)[]
    }

/// Losses of a run over the tokens it saw: axes, curves, borders of stages, and beside them each curve's name and last value.
type Chart =
    {
        Title: string
        X: Axis
        Y: Axis
        /// Training batches as they were, drawn faintly.
        Batches: (float * float)[]
        /// Highest last value first, as the curves end.
        Series: Series list
        /// The first token of each stage, with its number.
        Borders: (float * int) list
    }

[<RequireQualifiedAccess>]
module Chart =

    let private left, top, width, height = 64.0, 84.0, 620.0, 380.0
    let private legend = left + width + 24.0
    let private row = 22.0

    /// The size of the picture.
    let size = legend + 284.0, top + height + 60.0

    let private training = "#4b5563"

    /// Told apart by people who see few colours, too (Okabe and Ito).
    let private colours =
        [|
            "#0072b2"
            "#d55e00"
            "#009e73"
            "#cc79a7"
            "#e69f00"
            "#56b4e9"
            "#8b5cf6"
            "#6b8e23"
        |]

    /// The mean of each point and those before it, weighted down by half every `half` points.
    let private smooth half (points: (float * float)[]) =
        let decay = 0.5 ** (1.0 / half)

        points
        |> Array.scan (fun (_, sum, weight) (x, y) -> x, sum * decay + y, weight * decay + 1.0) (0.0, 0.0, 0.0)
        |> Array.skip 1
        |> Array.map (fun (x, sum, weight) -> x, sum / weight)

    let private last series = snd (Array.last series.Points)

    /// The largest loss worth room: the start of a run lies far above everything that follows it.
    let private highest (series: Series list) =
        let late series =
            let most = fst (Array.last series.Points)

            series.Points
            |> Array.filter (fun (x, _) -> x >= 0.05 * most)
            |> Array.map snd
            |> Array.max

        series |> List.map late |> List.max

    let ofHistory title (history: RunHistory) =
        let validation =
            history.Validation
            |> List.mapi (fun index (name, points) ->
                {
                    Name = name
                    Colour = colours[index % colours.Length]
                    Points = points
                })

        let batches =
            {
                Name = "training, smoothed"
                Colour = training
                Points = smooth (float history.Training.Length / 100.0 |> max 0.5) history.Training
            }

        let series = batches :: validation
        let lowest = series |> Seq.collect _.Points |> Seq.map snd |> Seq.min

        {
            Title = title
            X = Axis.upTo left (left + width) history.Tokens
            Y = Axis.around (top + height) top lowest (highest series)
            Batches = history.Training
            Series = series |> List.sortByDescending last
            Borders = history.Stages |> List.mapi (fun index stage -> stage.Start, index)
        }

    let private place chart (x, y) = Axis.at x chart.X, Axis.at y chart.Y

    let private grid chart =
        [
            for loss in Axis.ticks chart.Y do
                let y = Axis.at loss chart.Y
                Svg.line left y (left + width) y "grid"
                Svg.text (left - 8.0) (y + 3.5) "row" (Axis.short loss)

            for tokens in Axis.ticks chart.X do
                let x = Axis.at tokens chart.X
                Svg.line x (top + height) x (top + height + 5.0) "grid"
                Svg.text x (top + height + 18.0) "column" (Axis.short tokens)

            Svg.text (left + width / 2.0) (top + height + 38.0) "column" "tokens seen"
        ]

    /// Borders of stages, named above the plot where there is room for the name.
    let private borders chart =
        let ends =
            (chart.Borders |> List.map fst |> List.skip (min 1 chart.Borders.Length))
            @ [ chart.X.High ]

        [
            for (start, number), stop in Seq.zip chart.Borders ends do
                let x = Axis.at start chart.X

                if start < chart.X.High then
                    if number > 0 then
                        Svg.line x (top - 14.0) x (top + height) "border"

                    if Axis.at (min stop chart.X.High) chart.X - x > 48.0 then
                        Svg.text (x + 4.0) (top - 5.0) "label" $"stage {number}"
        ]

    let private curve chart series =
        let points = series.Points |> Array.map (place chart)

        [
            Svg.curve series.Colour 2.0 points

            if points.Length <= 40 then
                for point in points do
                    Svg.dot series.Colour 2.5 point
        ]

    let private key index series =
        let y = top + 14.0 + float index * row

        [
            Svg.rectangle legend (y - 5.0) 18.0 3.0 series.Colour
            Svg.text (legend + 26.0) y "key" series.Name
            Svg.named $"value{index}" (legend + 260.0) y "value" (Number.text "0.000" (last series))
        ]

    /// The parts of the picture, from the ground up.
    let pieces chart =
        [
            Svg.title (fst size) left 34.0 chart.Title
            Svg.text left 54.0 "note" "loss in nats per token"
            yield! grid chart
            """<g clip-path="url(#plot)">"""
            Svg.curve "#d1d5db" 1.0 (chart.Batches |> Array.map (place chart))

            for series in List.rev chart.Series do
                yield! curve chart series

            "</g>"
            yield! borders chart

            for index, series in List.indexed chart.Series do
                yield! key index series

            $"""<clipPath id="plot"><rect x="{Svg.at left}" y="{Svg.at (top - 2.0)}" width="{Svg.at (width + 4.0)}" height="{Svg.at (height + 4.0)}"/></clipPath>"""
        ]

    /// The whole picture.
    let draw chart =
        let width, height = size
        Svg.document width height (pieces chart)
