namespace A3

open System

/// What an input can cause: a file, an option, a request or a text breaks a rule, or work on it failed. The message is
/// one line that names the input, the place in it, the rule and the remedy. Whatever a file or a request puts into the
/// message, it is shown as one line of bounded length (see Shown).
/// The family: SpecificationException (a text form), TemplateException (a template or a marked text), TokenizerException
/// (a tokenizer's files, or a text that it cannot express), CheckpointException (other files of a model),
/// RequestException (a text, tokens or options that a model or a run cannot serve), TrainingException (a run's data,
/// directory, state, or its course); and this class itself where the machine lacks something (a device, memory), or
/// files that are each sound do not belong together.
/// Misuse of the API by a program, such as null, an index that no input had, or two threads in one session, is an
/// ArgumentException, an InvalidOperationException or an ObjectDisposedException, and never of the family.
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
