namespace A3.Cli

open Argu

/// Arguments of `a3 bench`.
[<RequireQualifiedAccess>]
type BenchArguments =
    | [<CliPrefix(CliPrefix.None)>] Decode of ParseResults<BenchDecodeArguments>

    interface IArgParserTemplate with
        member argument.Usage =
            match argument with
            | Decode _ -> "ways to decode, against each other and against the memory's speed."

/// `a3 bench`: measures this program on this machine.
[<RequireQualifiedAccess>]
module Bench =

    let example = "a3 bench decode --width 288 --layers 6 --positions 256 --groups 1,4"

    let run (invocation: Invocation) (arguments: ParseResults<BenchArguments>) =
        match arguments.TryGetSubCommand() with
        | Some(BenchArguments.Decode arguments) -> BenchDecode.run invocation arguments
        | None -> raise (MisuseException $"bench needs to know what to measure: {example}")
