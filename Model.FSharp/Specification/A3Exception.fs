namespace A3

open System

/// What an input can cause: a file, an option, a request or a text breaks a rule, or work on it failed. The message is
/// one line that names the input, the place in it, the rule and the remedy. Misuse of the API by a program is an
/// ArgumentException, never this. Whatever a file or a request puts into the message, it is shown as one line of
/// bounded length (see Shown).
type A3Exception(message: string, inner: exn | null) =
    inherit Exception(Shown.Text(message, 2000), inner)

    /// With a one-line message and nothing that caused it.
    new(message: string) = A3Exception(message, null)

    /// The file, option or text that breaks the rule; empty where the message alone names it.
    member val Input = "" with get, set

    /// Where in the input: a tensor, a JSON path, a line, a column; empty where the whole input is meant.
    member val Place = "" with get, set

    /// The rule that is broken; empty where the message alone states it.
    member val Rule = "" with get, set
