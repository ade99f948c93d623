namespace A3.Cli

open Argu

/// Arguments of `a3 bench`.
[<RequireQualifiedAccess>]
type BenchArguments =
    | [<CliPrefix(CliPrefix.None)>] Decode of ParseResults<BenchDecodeArguments>
    | [<CliPrefix(CliPrefix.None)>] Train of ParseResults<BenchTrainArguments>

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Decode _ -> "ways to decode, against each other and against the memory's speed."
            | Train _ -> "the training step, against a plain AR step and against the fastest matrix product."

/// `a3 bench`: measures this program on this machine.
[<RequireQualifiedAccess>]
module Bench =

    let example = "a3 bench decode --width 288 --layers 6 --positions 256 --groups 1,4"

    let run (invocation: Invocation) (arguments: ParseResults<BenchArguments>) =
        match arguments.TryGetSubCommand() with
        | Some(BenchArguments.Decode arguments) -> BenchDecode.run invocation arguments
        | Some(BenchArguments.Train arguments) -> BenchTrain.run invocation arguments
        | None -> raise (UsageException $"bench needs to know what to measure: {example}")
