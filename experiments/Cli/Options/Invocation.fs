namespace A3.Cli

open System.Threading
open Argu
open A3

/// What every command is given beside its own arguments.
type Invocation =
    {
        Output: Output
        Cancellation: CancellationToken
        Model: string option
        Device: Device
        NumberType: NumberType
        Seed: int64 option
        Grouping: string option
        /// Which of these the command line names.
        Given: string list
    }

/// Options that every command understands.
[<RequireQualifiedAccess>]
module Invocation =

    let devices = [ "auto", Device.Auto; "cpu", Device.Cpu; "cuda", Device.Cuda ]

    let numberTypes =
        [
            "float32", NumberType.Float32
            "bfloat16", NumberType.BFloat16
            "float16", NumberType.Float16
        ]

    let settings: Setting<Invocation> list =
        [
            Setting.create
                "model"
                Form.Text
                "a checkpoint directory (default: the model in the box)."
                (fun given invocation ->
                    { invocation with
                        Model = Some given.Text
                    })
            Setting.create
                "device"
                Form.Text
                "where to compute: cpu, cuda, or auto, which is CUDA where there is one (default auto)."
                (fun given invocation ->
                    { invocation with
                        Device = Setting.choice devices given
                    })
            Setting.create
                "dtype"
                Form.Text
                "number type of the weights: float32, bfloat16 or float16 (default float32)."
                (fun given invocation ->
                    { invocation with
                        NumberType = Setting.choice numberTypes given
                    })
            Setting.create
                "seed"
                Form.Number
                $"seed of the random numbers, {Limits.seed.Range} (default 1); the same seed gives the same result."
                (fun given invocation ->
                    { invocation with
                        Seed = Some(Limit.read given.Name Limits.seed given.Text)
                    })
            Setting.create
                "grouping"
                Form.Text
                "which positions are generated together and when, such as 'bisect | chunks 2'."
                (fun given invocation ->
                    { invocation with
                        Grouping = Some given.Text
                    })
        ]

    /// Without any of these options.
    let plain output cancellation =
        {
            Output = output
            Cancellation = cancellation
            Model = None
            Device = Device.Auto
            NumberType = NumberType.Float32
            Seed = None
            Grouping = None
            Given = []
        }

    /// What is measured, is measured on the CPU where nobody names a device.
    let onCpuUnlessSaid invocation =
        match invocation.Device with
        | Device.Auto -> { invocation with Device = Device.Cpu }
        | _ -> invocation

    /// Takes remarks: a note each.
    let remark invocation text = invocation.Output |> Output.note text

    /// The grouping of `--grouping`, checked.
    let grouping invocation =
        invocation.Grouping
        |> Option.map (TextForms.grouping (remark invocation) "--grouping")
