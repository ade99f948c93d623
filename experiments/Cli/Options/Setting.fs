namespace A3.Cli

open System.Text.RegularExpressions
open Microsoft.FSharp.Quotations
open A3
open A3.Model

/// How a row of a batch writes a value.
[<RequireQualifiedAccess>]
type Form =
    | Number
    | Text
    | Texts
    | Flag

/// What was given for a setting.
type Given =
    {
        /// As it was written: `--top-k` on the command line, `top-k` in a row.
        Name: string
        /// One text, any number of them for a list, `true` or `false` for a flag.
        Texts: string list
        /// Takes remarks, such as on a part of a text form that changes nothing.
        Remark: string -> unit
    }

    /// The only text, or the last of several.
    member given.Text = List.last given.Texts

    /// Whether a flag is set.
    member given.IsSet = given.Text = "true"

/// A named value that changes a record: an option of the command line and, in batches, a field of a row. Its name, its range, its
/// default and its effect stand here and nowhere else.
type Setting<'record> =
    {
        /// Without the `--` of the command line.
        Name: string
        /// Names of version 0.1, which are still understood.
        OldNames: string list
        /// The property of the library's record that it sets, by which the library's own errors call it; empty for none.
        Property: string
        Form: Form
        /// The quantity, its unit or range, its default.
        Help: string
        Set: Given -> 'record -> 'record
    }

/// Settings made of properties of a record. Each is given the record that holds the defaults.
[<RequireQualifiedAccess>]
module Setting =

    /// `LearningRate` as `learning-rate`.
    let kebab (name: string) =
        Regex.Replace(name, "(?<=[a-z])[A-Z]", "-$0").ToLowerInvariant()

    let create name form help set : Setting<'record> =
        {
            Name = name
            OldNames = []
            Property = ""
            Form = form
            Help = help
            Set = set
        }

    /// Under another name than that of the property.
    let named name (setting: Setting<'record>) = { setting with Name = name }

    /// Written in rows in another form.
    let ofForm form (setting: Setting<'record>) = { setting with Form = form }

    /// Still understood under the name that it had in version 0.1.
    let formerly name (setting: Setting<'record>) =
        { setting with
            OldNames = name :: setting.OldNames
        }

    let private ofProperty form help access (read: Given -> obj | null) : Setting<'record> =
        let property = Record.property access

        {
            Name = kebab property.Name
            OldNames = []
            Property = property.Name
            Form = form
            Help = help
            Set = fun given -> Record.withValue property (read given)
        }

    /// The default of a property as its limit prints it; none where it is null.
    let private usual (defaults: 'record) (access: Expr<'record -> 'value>) (limit: Limit<'number>) =
        match (Record.property access).GetValue defaults with
        | null -> ""
        | value -> $" (default {limit.Print(unbox<'number> value)})"

    /// A number within a limit.
    let number (defaults: 'record) (access: Expr<'record -> 'value>) (limit: Limit<'number>) help =
        ofProperty Form.Number $"{help}, {limit.Range}{usual defaults access limit}." access (fun given ->
            box (Limit.read given.Name limit given.Text))

    /// A number that has no default of its own; what stands in its place.
    let numberOr (absent: string) (access: Expr<'record -> 'value>) (limit: Limit<'number>) help =
        ofProperty Form.Number $"{help}, {limit.Range} (default: {absent})." access (fun given ->
            box (Limit.read given.Name limit given.Text))

    let flag access help =
        ofProperty Form.Flag help access (fun given -> box given.IsSet)

    let text access help =
        ofProperty Form.Text help access (fun given -> given.Text)

    /// The value of a text by `read`, which is told what was given.
    let textBy access help (read: Given -> 'value) =
        ofProperty Form.Text help access (read >> box)

    /// A word that stands for a value.
    let choice (words: (string * 'value) list) (given: Given) =
        match words |> List.tryFind (fun (word, _) -> word = given.Text) with
        | Some(_, value) -> value
        | None ->
            let names = words |> List.map fst
            let others = names |> List.truncate (names.Length - 1) |> String.concat ", "
            let hint = Suggestion.ending names given.Text

            raise (UsageException $"{given.Name} {Shown.Text given.Text}: expected {others} or {List.last names}{hint}")

    /// The settings of a part as settings of the whole.
    let within
        (get: 'whole -> 'part)
        (set: 'part -> 'whole -> 'whole)
        (settings: Setting<'part> list)
        : Setting<'whole> list =
        [
            for setting in settings ->
                {
                    Name = setting.Name
                    OldNames = setting.OldNames
                    Property = setting.Property
                    Form = setting.Form
                    Help = setting.Help
                    Set = fun given whole -> set (setting.Set given (get whole)) whole
                }
        ]
