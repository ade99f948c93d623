namespace A3.Cli

open System
open System.IO
open System.Text
open A3

/// What stands on the command line, as it was given.
[<RequireQualifiedAccess>]
module GivenArguments =

    /// The arguments of this process in bytes, the program itself first; none where the system does not tell.
    let private raw () =
        try
            let whole = File.ReadAllBytes "/proc/self/cmdline" |> Encoding.Latin1.GetString

            // Each ends with a NUL, the last one too.
            whole.Substring(0, max 0 (whole.Length - 1)).Split '\000'
            |> Array.map Encoding.Latin1.GetBytes
        with
        | :? IOException
        | :? UnauthorizedAccessException -> [||]

    /// Those of some bytes that became these arguments; none where they are those of another program, as in tests.
    let private behind (argv: string[]) (raw: byte[][]) =
        let last = raw[max 0 (raw.Length - argv.Length) ..]

        if Array.map (fun (bytes: byte[]) -> Encoding.UTF8.GetString bytes) last = argv then
            last
        else
            [||]

    let private refused name work =
        try
            work () |> ignore
        with :? A3.A3Exception as error ->
            raise (UsageException $"{name}, {error.Place}: {error.Rule}")

    let private name index = $"argument {index + 1}"

    /// .NET writes U+FFFD in the place of bytes that are not UTF-8: only then is it asked what was there.
    let requireText (argv: string[]) =
        argv
        |> Array.iteri (fun index text -> refused (name index) (fun () -> WellFormed.Text text))

        if argv |> Array.exists (fun text -> text.Contains '\uFFFD') then
            raw ()
            |> behind argv
            |> Array.iteri (fun index bytes ->
                refused (name index) (fun () -> WellFormed.Decode(ReadOnlySpan bytes, name index)))
