namespace A3.Cli

open System
open System.Globalization
open System.IO
open Spectre.Console

/// Where the cells of a column stand.
[<RequireQualifiedAccess>]
type Side =
    | Left
    | Right

/// Cells in columns, two spaces between them, by the widths that terminals give letters.
[<RequireQualifiedAccess>]
module Table =

    /// Wider than any row: a table is never broken to fit.
    let private endless = 1 <<< 20

    let private columnOf isLast side =
        let alignment =
            match side with
            | Side.Left -> Justify.Left
            | Side.Right -> Justify.Right

        TableColumn("", NoWrap = true, Alignment = alignment, Padding = Padding(0, 0, (if isLast then 0 else 2), 0))

    /// Rows of cells, each with a style for a terminal, as lines.
    let styled ink (sides: Side list) (rows: (string * Style) list list) =
        let table = Table(Border = TableBorder.None, ShowHeaders = false)

        for index, side in List.indexed sides do
            table.AddColumn(columnOf (index = sides.Length - 1) side) |> ignore

        for row in rows do
            table.AddRow [| for text, style in row -> Text(text, style) :> Rendering.IRenderable |]
            |> ignore

        use letters = new StringWriter(CultureInfo.InvariantCulture, NewLine = "\n")
        (Screen.over letters ink endless endless).Write table

        letters.ToString().TrimEnd('\n').Split('\n')
        |> Array.map _.TrimEnd()
        |> List.ofArray

    let plain = Style.Plain
    let dim = Style(decoration = Decoration.Dim)
    let coloured colour = Style(Colour.shown colour)

    let strong colour =
        Style(Colour.shown colour, decoration = Decoration.Bold)

    /// Rows of plain cells as lines.
    let lines sides rows =
        rows |> List.map (List.map (fun cell -> cell, plain)) |> styled Ink.Plain sides
