namespace A3.Cli

open System
open System.Threading
open A3.Model

/// `--device`.
type DeviceName =
    | Auto
    | Cpu
    | Cuda

/// `--dtype`.
type NumberTypeName =
    | Float32
    | Bfloat16
    | Float16

/// What every command is given beside its own arguments.
type Invocation =
    {
        Output: Output
        Cancellation: CancellationToken
        /// `--model`.
        Model: string option
        /// `--device`.
        Device: A3.Device
        /// `--dtype`.
        NumberType: A3.NumberType
        /// `--seed`.
        Seed: int64 option
        /// `--grouping`.
        Grouping: string option
        /// Which of these the command line names.
        Given: string list
    }

/// Values of options, checked.
[<RequireQualifiedAccess>]
module Options =

    /// The number type of a name.
    let numberType name =
        match name with
        | Float32 -> A3.NumberType.Float32
        | Bfloat16 -> A3.NumberType.BFloat16
        | Float16 -> A3.NumberType.Float16

    /// What is measured, is measured on the CPU where nobody names a device.
    let onCpuUnlessSaid invocation =
        match invocation.Device with
        | A3.Device.Auto ->
            { invocation with
                Device = A3.Device.Cpu
            }
        | _ -> invocation

    /// The value of a text form.
    let private specification name parse (text: string) =
        match parse text with
        | Ok value -> value
        | Error(error: SyntaxError) -> raise (MisuseException $"{name} {error.Message}")

    let private remark output name redundancies =
        for redundancy: Redundancy in redundancies do
            output |> Output.note $"{name}: {redundancy.Message}"

    /// The value of a text form. A part without effect, in whose place nothing would have one, is refused; one that changes
    /// nothing as it stands is named, where there is an output for that.
    let private effective output name parse redundancies text =
        let value = specification name parse text
        let found: Redundancy list = redundancies value

        match found |> List.tryFind _.IsIgnored with
        | Some ignored -> raise (MisuseException $"{name} \"{A3.Shown.Text text}\": {ignored.Message}")
        | None -> output |> Option.iter (fun output -> remark output name found)

        value

    /// A partition in its text form.
    let partition name text = specification name Partition.parse text

    /// A grouping in its text form, for one of many rows.
    let rowGrouping name text =
        effective None name Grouping.parse Redundancy.ofGrouping text

    /// A grouping that the command line gives.
    let grouping output name text =
        effective (Some output) name Grouping.parse Redundancy.ofGrouping text

    /// Names parts of a grouping that change nothing for one sequence but do for others.
    let remarkAt output name shape recipe =
        let always = Redundancy.ofGrouping recipe |> List.map _.Part

        Redundancy.ofGroupingAt shape recipe
        |> List.filter (fun redundancy -> not (List.contains redundancy.Part always))
        |> remark output name

    /// A policy in its text form, for one of many rows.
    let policy name text =
        effective None name Policy.parse Redundancy.ofPolicy text

    /// A policy that the command line gives.
    let givenPolicy output name text =
        effective (Some output) name Policy.parse Redundancy.ofPolicy text

    /// A curriculum in its text form.
    let curriculum output name text =
        effective (Some output) name Curriculum.parse Redundancy.ofCurriculum text

    /// Refuses words and sentences where there is no text that has them.
    let refuseNeeds name reason grouping =
        match Grouping.needs grouping with
        | [] -> ()
        | needs ->
            let needs = String.Join(" and ", needs)
            let text = A3.Shown.Text(Grouping.print grouping)
            raise (MisuseException $"{name} \"{text}\": groups by {needs}, {reason}")

    /// Positions as `0..3 8` or `0..3,8`.
    let regions name (text: string) =
        match Grouping.parse $"""given {text.Replace(',', ' ')} | singletons""" with
        | Ok(Grouping.Given(regions, Grouping.Cut _)) when not regions.IsEmpty -> regions
        | Ok _
        | Error _ -> raise (MisuseException $"{name} \"{text}\": expected positions from 0 up, such as 0..3 8.")

    /// Words of a command's main argument as one text. One that looks like an option is a mistyped option.
    let joined (words: string list) =
        match
            words
            |> List.tryFind (fun word -> word.StartsWith("--", StringComparison.Ordinal))
        with
        | Some option -> raise (UnknownOptionException option)
        | None -> String.Join(" ", words)

    /// A command's main argument that is one word.
    let word (given: string option) =
        given |> Option.map (fun word -> joined [ word ])
