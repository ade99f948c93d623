namespace A3.Cli

open System
open Argu
open A3.Model

/// `a3 show`: draws the meaning of a specification. Runs no model.
[<RequireQualifiedAccess>]
module Show =

    let example = "a3 show \"random 7 | chunks 4\" --length 16"

    let private curriculumWord = "curriculum"

    /// The text of a curriculum, where that is what is asked for: behind the word `curriculum`, by which itself is meant the
    /// one that training takes by default, or a built-in name, which no grouping has.
    let private curriculumOf (text: string) =
        if text = curriculumWord then
            Some(ShowCommand.training.Curriculum)
        elif text.StartsWith(curriculumWord + " ", StringComparison.Ordinal) then
            Some(text.Substring(curriculumWord.Length).Trim())
        elif Curriculum.builtIn |> List.exists (fun (name, _) -> name = text) then
            Some text
        else
            None

    /// A mistyped name of a curriculum is no grouping, and the words of groupings are no help with it.
    let private refuseNearCurriculum text =
        let names = Curriculum.builtIn |> List.map fst

        match Grouping.parse text, Suggestion.nearest names text with
        | Error _, Some near ->
            raise (
                UsageException
                    $"\"{A3.Shown.Text text}\": is neither a grouping nor the name of a curriculum{Suggestion.asked (Some near)}"
            )
        | Error _, None
        | Ok _, _ -> ()

    let run (invocation: Invocation) (arguments: ParseResults<ShowArguments>) =
        let command =
            Settings.bind invocation.Output ShowCommand.settings arguments ShowCommand.usual

        let text =
            match (Words.joined command.Specification).Trim(), invocation.Grouping with
            | "", Some grouping -> grouping
            | "", None -> "random 7 | chunks 4"
            | _, Some _ -> raise (UsageException "a specification and --grouping; give one of the two.")
            | text, None -> text

        match curriculumOf text with
        | Some text ->
            TextForms.curriculum (Invocation.remark invocation) "curriculum" text
            |> ShowCurriculum.run invocation command text
        | None ->
            refuseNearCurriculum text
            ShowPartition.run invocation command text
