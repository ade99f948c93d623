namespace A3.Cli

open System

/// Words of a command's main argument.
[<RequireQualifiedAccess>]
module Words =

    /// Words as one text. One that looks like an option is a mistyped option.
    let joined (words: string list) =
        match
            words
            |> List.tryFind (fun word -> word.StartsWith("--", StringComparison.Ordinal))
        with
        | Some option -> raise (UnknownOptionException option)
        | None -> String.Join(" ", words)

    /// A main argument that is one word.
    let single (given: string option) =
        given |> Option.map (fun word -> joined [ word ])

/// Options that cannot be meant together.
[<RequireQualifiedAccess>]
module Rules =

    /// Refuses the first broken rule.
    let check (rules: (bool * string) list) =
        for isBroken, rule in rules do
            if isBroken then
                raise (UsageException rule)
