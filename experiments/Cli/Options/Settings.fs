namespace A3.Cli

open System
open Argu
open Microsoft.FSharp.Reflection

/// Tables of settings against what Argu read: a case of a union of arguments is called as its setting, `Top_K` as `top-k`.
[<RequireQualifiedAccess>]
module Settings =

    let private parts (argument: 'arguments) =
        let case, fields = FSharpValue.GetUnionFields(argument, typeof<'arguments>)
        case.Name.Replace('_', '-').ToLowerInvariant(), fields

    let private name argument = fst (parts argument)

    let private texts argument =
        match snd (parts argument) with
        | [||] -> [ "true" ]
        | fields ->
            [
                for field in fields do
                    match field with
                    | :? (string list) as texts -> yield! texts
                    | field -> string field
            ]

    let private isCalled name (setting: Setting<'record>) =
        setting.Name = name || List.contains name setting.OldNames

    /// What `--help` says of an argument.
    let help (settings: Setting<'record> list) (argument: 'arguments) =
        let name = name argument

        match settings |> List.tryFind (isCalled name) with
        | Some setting when setting.Name = name -> setting.Help
        | Some setting -> $"--{setting.Name} under the name that it had in version 0.1."
        | None -> invalidOp $"{name} is no setting."

    /// Names of the settings that the command line gives, as it writes them.
    let given (arguments: ParseResults<'arguments>) =
        arguments.GetAllResults()
        |> List.map (fun argument -> "--" + name argument)
        |> List.distinct

    let private refuseTwice (names: string list) =
        match names with
        | one :: other :: _ -> raise (UsageException $"--{one} and --{other} say the same; give one of the two.")
        | _ -> ()

    let private apply remark (arguments: 'arguments list) record (setting: Setting<'record>) =
        match arguments |> List.filter (fun argument -> isCalled (name argument) setting) with
        | [] -> record
        | found ->
            let names = found |> List.map name |> List.distinct
            refuseTwice names

            record
            |> setting.Set
                {
                    Name = "--" + names.Head
                    Texts = found |> List.collect texts
                    Remark = remark
                }

    /// The record with all that the command line says; remarks become notes.
    let bind output (settings: Setting<'record> list) (arguments: ParseResults<'arguments>) usual =
        let given = arguments.GetAllResults()
        let remark text = output |> Output.note text
        settings |> List.fold (apply remark given) usual
