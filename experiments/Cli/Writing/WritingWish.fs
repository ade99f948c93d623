namespace A3.Cli

open A3

/// What tells `infill` and `generate` apart.
type WritingKind =
    {
        /// What a row of a batch calls its text.
        Field: string
        /// The text where none is given.
        Text: string
        /// The length where none is given.
        Length: int
        /// What is to be filled, of a text and a length.
        Template: string -> int -> Template
    }

/// What the command line asks for beside the text, and a row in its place.
type WritingWish =
    {
        /// The text of a row.
        Given: string option
        /// The text of a row in pieces, in place of one with escapes.
        Parts: Template option
        Length: int
        Options: DecodingOptions
        /// The policy as the command line writes it, by which batches of version 0.1 know their results.
        Policy: string option
        /// Names of the settings that were given.
        Named: Set<string>
    }

[<RequireQualifiedAccess>]
module WritingWish =

    let usual (kind: WritingKind) : WritingWish =
        {
            Given = None
            Parts = None
            Length = kind.Length
            Options = DecodingSettings.usual
            Policy = None
            Named = Set.empty
        }

    let private length =
        Setting.create
            "length"
            Form.Number
            $"tokens of a gap written ___ (default {Template.DefaultGap}), or tokens to add to a beginning (default 80), {Limits.length.Range}."
            (fun given (wish: WritingWish) ->
                { wish with
                    Length = Limit.read given.Name Limits.length given.Text
                })

    let private within settings =
        settings
        |> Setting.within _.Options (fun options (wish: WritingWish) -> { wish with Options = options })

    /// Options of the command line.
    let options = length :: within DecodingSettings.all

    /// Fields of rows, beside the text.
    let fields = length :: within (DecodingSettings.seed :: DecodingSettings.all)

    let check prefix (wish: WritingWish) =
        DecodingSettings.check prefix wish.Named wish.Options
