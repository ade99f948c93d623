namespace A3.Cli

open System.IO
open Spectre.Console

/// A writer as Spectre.Console has it: of a fixed size, whatever else the process has for a terminal.
[<Sealed>]
type private Surface(writer: TextWriter, width, height) =
    interface IAnsiConsoleOutput with
        member _.Writer = writer
        member _.IsTerminal = true
        member _.Width = width
        member _.Height = height
        member _.SetEncoding _ = ()

/// Consoles of Spectre.Console over our own writers.
[<RequireQualifiedAccess>]
module Screen =

    /// Of the environment nothing counts that the ink does not say.
    let over writer ink width height =
        let isPlain = ink = Ink.Plain

        AnsiConsole.Create(
            AnsiConsoleSettings(
                Ansi = (if isPlain then AnsiSupport.No else AnsiSupport.Yes),
                ColorSystem =
                    (match ink with
                     | Ink.Plain -> ColorSystemSupport.NoColors
                     | Ink.Colours256 -> ColorSystemSupport.EightBit
                     | Ink.TrueColour -> ColorSystemSupport.TrueColor),
                Interactive =
                    (if isPlain then
                         InteractionSupport.No
                     else
                         InteractionSupport.Yes),
                Out = Surface(writer, width, height),
                Enrichment = ProfileEnrichment(UseDefaultEnrichers = false)
            )
        )
