namespace A3.Cli

open System.Collections.Generic
open A3

/// A token that a sweep drew anew.
type Revision =
    {
        Step: int
        Position: int
        Before: int
        After: int
    }

    /// Whether another token stands there now.
    member revision.IsChange = revision.Before <> revision.After

[<RequireQualifiedAccess>]
module Revision =

    /// All revisions of a decode, in order.
    let ofSteps (steps: DecodingStep seq) =
        let standing = Dictionary<int, int>()

        [
            for step in steps do
                for token in step.Tokens do
                    match standing.TryGetValue token.Position with
                    | true, before ->
                        {
                            Step = step.Step
                            Position = token.Position
                            Before = before
                            After = token.Token
                        }
                    | false, _ -> ()

                    standing[token.Position] <- token.Token
        ]
