namespace A3.Cli

open A3

/// `a3 generate`: continues a text.
[<RequireQualifiedAccess>]
module Generate =

    let example = "a3 generate \"Once upon a time\" --length 80 --temperature 0.7"

    let private kind =
        {
            Field = "prompt"
            Text = "Once upon a time"
            Length = 80
            Template = fun prompt length -> Template.Of [ TemplatePart.Given prompt; TemplatePart.Gap length ]
        }

    let run invocation arguments = Writing.run invocation kind arguments
