namespace A3.Model

open System
open FParsec

/// Where and why a text is not a specification.
type SyntaxError =
    {
        Text: string
        /// From 1.
        Line: int
        /// Within the line, from 1.
        Column: int
        Expected: string
        /// All of this in one line.
        Message: string
    }

/// What the text forms share. Every parser here skips the blanks behind what it reads; a text is bounded in length,
/// nesting and number of stages, so that no text can exhaust the stack.
[<RequireQualifiedAccess>]
module internal Syntax =

    let private longest = 65536
    let private deepest = 64

    let private isWord letter =
        isAsciiLetter letter || isDigit letter || letter = '-' || letter = '_'

    /// A whole word.
    let keyword word : Parser<unit, unit> =
        attempt (skipString word .>> notFollowedBy (satisfy isWord)) <?> word .>> spaces

    let symbol text : Parser<unit, unit> =
        skipString text <?> $"'{text}'" .>> spaces

    let pipe: Parser<unit, unit> = symbol "|"

    let parenthesised parser : Parser<'value, unit> =
        between (symbol "(") (symbol ")") parser

    let private read tryRead literal label =
        let check text =
            match tryRead text with
            | Some value -> preturn value
            | None -> fail label

        attempt (literal .>> notFollowedBy (satisfy isAsciiLetter) >>= check) <?> label
        .>> spaces

    let private between64 lowest highest what : Parser<int64, unit> =
        let tryRead (text: string) =
            match Int64.TryParse text with
            | true, value when value >= lowest && value <= highest -> Some value
            | _ -> None

        read
            tryRead
            (many1Satisfy2 (fun letter -> isDigit letter || letter = '-') isDigit)
            $"{what} (a whole number in {lowest}..{highest})"

    /// Any 64-bit number.
    let seed: Parser<int64, unit> = between64 Int64.MinValue Int64.MaxValue "a seed"

    /// A whole number of at least `lowest`.
    let atLeast lowest what : Parser<int, unit> =
        between64 (int64 lowest) (int64 Int32.MaxValue) what |>> int

    /// A number of things of which a run has many, at least 1.
    let count what : Parser<int64, unit> = between64 1L Int64.MaxValue what

    /// A finite number for which the rule holds.
    let number rule holds what : Parser<float, unit> =
        let literal =
            numberLiteral
                (NumberLiteralOptions.AllowMinusSign
                 ||| NumberLiteralOptions.AllowFraction
                 ||| NumberLiteralOptions.AllowExponent)
                what

        let tryRead (literal: NumberLiteral) =
            match
                Double.TryParse(
                    literal.String,
                    Globalization.NumberStyles.Float,
                    Globalization.CultureInfo.InvariantCulture
                )
            with
            | true, value when Double.IsFinite value && holds value -> Some value
            | _ -> None

        read tryRead literal $"{what} (a number {rule})"

    /// `first` or `first..last`.
    let interval lowest what =
        atLeast lowest what
        >>= fun first ->
            symbol ".." >>. atLeast first $"the last, not below {first}" <|>% first
            |>> fun last -> first, last

    let printInterval first last =
        if first = last then $"{first}" else $"{first}..{last}"

    /// The shortest text that reads back as the same number.
    let printNumber (value: float) =
        value.ToString("R", Globalization.CultureInfo.InvariantCulture)

    /// Words and numbers with single spaces between.
    let words (parts: string seq) = String.Join(" ", parts)

    /// `first`, then any number of `next`, each of which makes a value of the one so far.
    let chain (first: Parser<'value, unit>) (next: Parser<'value -> 'value, unit>) =
        let bounded stages =
            if List.length stages > deepest then
                fail $"{stages.Length} stages one after another, but at most {deepest} are read"
            else
                preturn stages

        first .>>. (many next >>= bounded)
        |>> fun (start, stages) -> stages |> List.fold (fun value stage -> stage value) start

    let private oneLine (text: string) =
        String.map (fun letter -> if Char.IsControl letter then ' ' else letter) text

    /// What stands at an index: a word, a character or the end.
    let private found (text: string) index =
        if index >= text.Length then
            "the end of the text"
        else
            let word =
                text.Substring index |> Seq.truncate 24 |> Seq.takeWhile isWord |> Seq.length

            $"'{oneLine (text.Substring(index, max 1 word))}'"

    /// The text itself where it is short, else what is around the index.
    let private excerpt (text: string) index =
        if text.Length <= 80 then
            oneLine text
        else
            let first = max 0 (min index text.Length - 30)
            let count = min 60 (text.Length - first)
            let before = if first > 0 then "..." else ""
            let after = if first + count < text.Length then "..." else ""
            before + oneLine (text.Substring(first, count)) + after

    let private error (text: string) index line column expected complaint =
        let place =
            if text.Contains '\n' then
                $"line {line}, column {column}"
            else
                $"column {column}"

        {
            Text = text
            Line = line
            Column = column
            Expected = expected
            Message = $"\"{excerpt text index}\", {place}: {(complaint: string).TrimEnd '.'}."
        }

    /// A rule broken at an index.
    let private broken (text: string) index rule =
        let before = text.Substring(0, index)
        let line = 1 + (before |> Seq.filter (fun letter -> letter = '\n') |> Seq.length)
        error text index line (index - before.LastIndexOf '\n') rule rule

    /// What a parser would have read, and which rules what it read breaks.
    let rec private complaints messages =
        let expected, rules =
            ErrorMessageList.ToSortedArray messages
            |> List.ofArray
            |> List.map (fun message ->
                match message with
                | Expected label
                | ExpectedString label -> [ label ], []
                | Message rule -> [], [ rule ]
                | NestedError(_, _, inner)
                | CompoundError(_, _, _, inner) -> complaints inner
                | _ -> [], [])
            |> List.unzip

        List.concat expected |> List.distinct |> List.sort, List.concat rules

    let private failure text (failure: ParserError) =
        let index = int failure.Position.Index

        let error =
            error text index (int failure.Position.Line) (int failure.Position.Column)

        match complaints failure.Messages with
        | _, rule :: _ -> error rule rule
        | expected, [] ->
            let expected = String.Join(", ", expected)
            error expected $"found {found text index}, expected {expected}"

    /// The index at which parentheses nest too deep.
    let private tooDeep (text: string) =
        text
        |> Seq.scan
            (fun depth letter ->
                match letter with
                | '(' -> depth + 1
                | ')' -> depth - 1
                | _ -> depth)
            0
        |> Seq.tryFindIndex (fun depth -> depth > deepest)
        |> Option.map (fun index -> index - 1)

    /// Reads a whole text.
    let run (parser: Parser<'value, unit>) (text: string) =
        if text.Length > longest then
            Result.Error(broken text longest $"{text.Length} characters, but at most {longest} are read")
        else
            match tooDeep text with
            | Some index -> Result.Error(broken text index $"more than {deepest} parentheses one inside another")
            | None ->
                match runParserOnString (spaces >>. parser .>> (eof <?> "the end of the text")) () "" text with
                | Success(value, _, _) -> Result.Ok value
                | Failure(_, error, _) -> Result.Error(failure text error)
