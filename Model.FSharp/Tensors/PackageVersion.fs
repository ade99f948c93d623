namespace A3.Tensors

open System
open System.Globalization

/// Versions of packages as their folders are named, in the order of semantic versioning: 2.9.1, 2.10.0-rc.1, 2.10.0.
[<RequireQualifiedAccess>]
module internal PackageVersion =

    let private number (text: string) =
        match Int64.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture) with
        | true, number -> Some number
        | false, _ -> None

    let private without (mark: char) (text: string) =
        match text.IndexOf mark with
        | -1 -> text, None
        | at -> text.Substring(0, at), Some(text.Substring(at + 1))

    /// What versions are compared by: numbers, whether it is a release, parts of the pre-release (numbers below words). A name
    /// that is no version is below all.
    let key (name: string) =
        let version, _ = without '+' name
        let release, preview = without '-' version
        let numbers = release.Split '.' |> Array.map number

        let part text =
            match number text with
            | Some number -> 0, number, ""
            | None -> 1, 0L, text

        if numbers |> Array.forall Option.isSome then
            let padded =
                Array.append (Array.choose id numbers) (Array.create (max 0 (4 - numbers.Length)) 0L)

            List.ofArray padded,
            preview.IsNone,
            preview
            |> Option.map (fun parts -> parts.Split '.' |> List.ofArray |> List.map part)
            |> Option.defaultValue []
        else
            [], false, []
