module A3.Cli.Program

[<EntryPoint>]
let main _ = 0
