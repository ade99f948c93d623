namespace A3.Cli

open System
open A3.Model

/// Values of text forms, checked.
[<RequireQualifiedAccess>]
module TextForms =

    /// The value of a text form.
    let private parse name parse (text: string) =
        match parse text with
        | Ok value -> value
        | Error(error: SyntaxError) -> raise (UsageException $"{name} {error.Message}")

    let private remarkOn remark name redundancies =
        for redundancy: Redundancy in redundancies do
            remark $"{name}: {redundancy.Message}"

    /// The value of a text form. A part without effect, in whose place nothing would have one, is refused; one that changes
    /// nothing as it stands gets a remark.
    let private effective remark name ofText redundancies text =
        let value = parse name ofText text
        let found: Redundancy list = redundancies value

        match found |> List.tryFind _.IsIgnored with
        | Some ignored -> raise (UsageException $"{name} \"{A3.Shown.Text text}\": {ignored.Message}")
        | None -> remarkOn remark name found

        value

    let partition name text = parse name Partition.parse text

    let grouping remark name text =
        effective remark name Grouping.parse Redundancy.ofGrouping text

    let policy remark name text =
        effective remark name Policy.parse Redundancy.ofPolicy text

    let curriculum remark name text =
        effective remark name Curriculum.parse Redundancy.ofCurriculum text

    /// The same for the library's API.
    let door grouping =
        A3.Grouping.Parse(Grouping.print grouping)

    /// Remarks on parts of a grouping that change nothing for one sequence but do for others.
    let remarkAt remark name shape recipe =
        let always = Redundancy.ofGrouping recipe |> List.map _.Part

        Redundancy.ofGroupingAt shape recipe
        |> List.filter (fun redundancy -> not (List.contains redundancy.Part always))
        |> remarkOn remark name

    /// Refuses words and sentences where there is no text that has them.
    let refuseNeeds name reason grouping =
        match Grouping.needs grouping with
        | [] -> ()
        | needs ->
            let needs = String.Join(" and ", needs)
            let text = A3.Shown.Text(Grouping.print grouping)
            raise (UsageException $"{name} \"{text}\": groups by {needs}, {reason}")

    /// Positions as `0..3 8` or `0..3,8`.
    let regions name (text: string) =
        match Grouping.parse $"""given {text.Replace(',', ' ')} | singletons""" with
        | Ok(Grouping.Given(regions, Grouping.Cut _)) when not regions.IsEmpty -> regions
        | Ok _
        | Error _ -> raise (UsageException $"{name} \"{text}\": expected positions from 0 up, such as 0..3 8.")
