namespace A3.Cli

open A3

/// `a3 infill`: fills the gaps of a text.
[<RequireQualifiedAccess>]
module Infill =

    let example =
        "a3 infill \"Tom had a red ball. ___ He was very happy.\" --policy \"bisect | chunks 2\" --trace"

    let private builtIn =
        "One day, a girl named Sue found a little {1} in the garden. {10} The bird was happy and said, \"Thank you!\" {14} and they became good friends."

    let private template text length =
        let template = Template.Parse(text, length)

        if template.Parts |> Seq.exists _.IsGap then
            template
        else
            raise (MisuseException "the text has no gap to fill; write ___ or {12} where tokens are missing.")

    let private kind =
        {
            Field = "template"
            Text = builtIn
            Length = Template.DefaultGap
            Template = template
        }

    let run invocation arguments = Writing.run invocation kind arguments
