namespace A3.Cli

open System
open System.IO
open System.Text.RegularExpressions
open A3

/// A command line that cannot be meant; the message says what was given, the rule and the remedy.
type UsageException(message: string) =
    inherit A3Exception(message)

/// A word of a text that looks like an option, which is a mistyped one.
type UnknownOptionException(option: string) =
    inherit UsageException($"unknown option '{option}'; --help lists the options.")

    /// The word.
    member _.Option = option

/// A command that was cancelled and has more to say about it.
type StoppedException(message: string) =
    inherit OperationCanceledException(message)

/// Exceptions as people and scripts meet them: an exit code and one line.
[<RequireQualifiedAccess>]
module Outcome =

    let failedRun = 1
    let usageError = 2
    let cancelled = 130

    /// As a program has it that ends by SIGPIPE.
    let readerIsGone = 141

    let rec private cause (error: exn) =
        match error, error.InnerException with
        | (:? AggregateException | :? TypeInitializationException | :? Reflection.TargetInvocationException),
          NonNull inner -> cause inner
        | _ -> error

    /// Without what .NET adds about parameters.
    let private withoutParameter (message: string) =
        Regex.Replace(message, @"\s*\(Parameter '[^']*'\)(\s*Actual value was .*)?", "", RegexOptions.Singleline)

    /// What was given, and the rule.
    let argumentMessage (error: ArgumentException) =
        let message = withoutParameter error.Message

        match error with
        | :? ArgumentOutOfRangeException as range when not (isNull range.ActualValue) ->
            $"{range.ParamName} = {range.ActualValue}: {message}"
        | _ -> message

    /// More than our own longest message, whose foreign parts are cut one by one.
    let private longest = 1000

    /// A message in one line of bounded length, control characters escaped.
    let oneLine (text: string) =
        Shown.Text((withoutParameter text).Trim(), longest)

    /// The exit code and the line of an exception.
    let describe (error: exn) =
        match cause error with
        | :? StoppedException as stopped -> cancelled, oneLine stopped.Message
        | :? OperationCanceledException -> cancelled, "cancelled."
        | :? UsageException
        | :? TemplateException
        | :? RequestException
        | :? SpecificationException as error -> usageError, oneLine error.Message
        | :? ArgumentException as error -> usageError, oneLine (argumentMessage error)
        | :? A3Exception
        | :? IOException
        | :? UnauthorizedAccessException as error -> failedRun, oneLine error.Message
        | :? OutOfMemoryException -> failedRun, "not enough memory; use a smaller model, context or batch."
        | error ->
            failedRun,
            oneLine
                $"unexpected {error.GetType().Name}: {error.Message} This is a defect; A3_DEBUG=1 shows where it arose."

    /// The result, or in one line why there is none; cancellation goes through.
    let attempt (work: unit -> 'result) =
        try
            Ok(work ())
        with
        | :? OperationCanceledException -> reraise ()
        | error -> Error(snd (describe error))
