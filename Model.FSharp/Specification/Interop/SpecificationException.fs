namespace A3

open System
open A3.Model

/// A text that is not a specification; the message names the text, the column, what stands there and what was expected.
[<Sealed>]
type SpecificationException internal (error: SyntaxError) as this =
    inherit A3Exception(error.Message)

    do
        this.Input <- error.Text
        this.Place <- $"line %d{error.Line}, column %d{error.Column}"

    /// The text as given.
    member _.Text = error.Text

    /// Line of the first character that does not fit, from 1.
    member _.Line = error.Line

    /// Column of the first character that does not fit, from 1.
    member _.Column = error.Column

/// How the classes for C# read their text forms.
module internal Text =

    /// The value, or the error as an exception.
    let parse (parser: string -> Result<'spec, SyntaxError>) (text: string) =
        ArgumentNullException.ThrowIfNull(text, nameof text)

        match parser text with
        | Ok spec -> spec
        | Error error -> raise (SpecificationException error)

    /// The value in its class, or null; null text is no specification.
    let tryParse (parser: string -> Result<'spec, SyntaxError>) (wrap: 'spec -> 'wrapper) (text: string | null) =
        match text with
        | null -> null
        | text ->
            match parser text with
            | Ok spec -> wrap spec
            | Error _ -> null

    /// Throws where a number is below what its name allows.
    let atLeast (lowest: int) (name: string) (value: int) =
        ArgumentOutOfRangeException.ThrowIfLessThan(value, lowest, name)
        value
