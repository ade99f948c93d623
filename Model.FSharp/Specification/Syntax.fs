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

    // Labels of expectations are texts, because FParsec has no others: what is expected, then the words that would be one.
    let private labelSeparator = '\u001f'

    let private label (what: string) (words: string list) =
        String.Join(labelSeparator, what :: words)

    /// A whole word.
    let keyword word : Parser<unit, unit> =
        attempt (skipString word .>> notFollowedBy (satisfy isWord))
        <?> label word [ word ]
        .>> spaces

    /// One of some words and what belongs behind it; together they are `what` in messages.
    let oneOf what (choices: (string * Parser<'value, unit>) list) : Parser<'value, unit> =
        choices |> List.map (fun (word, behind) -> keyword word >>. behind) |> choice
        <?> label what (List.map fst choices)

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
            Numeral.tryWhole text
            |> Option.filter (fun value -> value >= lowest && value <= highest)

        read
            tryRead
            (many1Satisfy2 (fun letter -> isDigit letter || letter = '-') isDigit)
            $"{what} (a whole number in {string lowest}..%d{highest})"

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
            Numeral.tryReal literal.String |> Option.filter holds

        read tryRead literal $"{what} (a number {rule})"

    /// `first` or `first..last`.
    let interval lowest what =
        atLeast lowest what
        >>= fun first ->
            symbol ".." >>. atLeast first $"the last, not below %d{first}" <|>% first
            |>> fun last -> first, last

    let printInterval first last =
        if first = last then
            string (first: int)
        else
            $"{string first}..{string last}"

    /// Words and numbers with single spaces between.
    let words (parts: string seq) = String.Join(" ", parts)

    /// `first`, then any number of `next`, each of which makes a value of the one so far.
    let chain (first: Parser<'value, unit>) (next: Parser<'value -> 'value, unit>) =
        let bounded stages =
            if List.length stages > deepest then
                fail $"%d{stages.Length} stages one after another, but at most %d{deepest} are read"
            else
                preturn stages

        first .>>. (many next >>= bounded)
        |>> fun (start, stages) -> stages |> List.fold (fun value stage -> stage value) start

    /// In one line, control characters escaped.
    let private oneLine (text: string) = A3.Shown.Text text

    /// The word at an index, empty where something else stands there.
    let private wordAt (text: string) index =
        let rest = text.Substring(min index text.Length)
        rest |> Seq.truncate 24 |> Seq.takeWhile isWord |> Seq.toArray |> String

    /// What stands at an index: a word, a character or the end.
    let private found (text: string) index =
        if index >= text.Length then
            "the end of the text"
        else
            match wordAt text index with
            | "" ->
                let length = if Char.IsSurrogatePair(text, index) then 2 else 1
                $"'{oneLine (text.Substring(index, length))}'"
            | word -> $"'{word}'"

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
                $"line %d{line}, column %d{column}"
            else
                $"column %d{column}"

        {
            Text = text
            Line = line
            Column = column
            Expected = expected
            Message = $"\"{excerpt text index}\", {place}: {complaint}"
        }

    let private sentence (rule: string) = rule.TrimEnd '.' + "."

    /// A rule broken at an index.
    let private broken (text: string) index rule =
        let before = text.Substring(0, index)
        let line = 1 + (before |> Seq.filter (fun letter -> letter = '\n') |> Seq.length)
        error text index line (index - before.LastIndexOf '\n') rule (sentence rule)

    /// What a parser would have read, each with the index at which, and which rules what it read breaks.
    let rec private complaints index messages =
        let expected, rules =
            ErrorMessageList.ToSortedArray messages
            |> List.ofArray
            |> List.map (fun message ->
                match message with
                | Expected label
                | ExpectedString label -> [ label, index ], []
                | Message rule -> [], [ rule ]
                | NestedError(position, _, inner)
                | CompoundError(_, position, _, inner) -> complaints (int position.Index) inner
                | _ -> [], [])
            |> List.unzip

        List.concat expected |> List.distinct |> List.sort, List.concat rules

    /// What is expected and, where there are several, the words that would be one.
    let private expectation (label: string) =
        match List.ofArray (label.Split labelSeparator) with
        | what :: words -> what, words
        | [] -> label, []

    /// Words of one kind that a message shows.
    let private shownWords = 6

    let private showExpectation (what, words: string list) =
        let shown =
            List.truncate shownWords words
            @ [
                if words.Length > shownWords then
                    "..."
            ]

        if words = [] || words = [ what ] then
            what
        else
            $"""{what} ({String.Join(", ", shown)})"""

    /// Found, expected, and what was probably meant: then kinds of words need no examples.
    let private unexpected text index labels =
        let expectations = labels |> List.map fst |> List.distinct |> List.map expectation

        let nearAt (place, labels) =
            let words = labels |> List.collect (fst >> expectation >> snd)
            Suggestion.nearest words (wordAt text place)

        let near = labels |> List.groupBy snd |> List.tryPick nearAt

        let shown =
            match near with
            | Some _ -> expectations |> List.map fst
            | None -> expectations |> List.map showExpectation

        let list = String.Join(", ", shown)
        $"found {found text index}, expected {list}{Suggestion.asked near}"

    /// All that was expected, every word by itself.
    let private expectedText labels =
        labels
        |> List.collect (fun (label, _) ->
            match expectation label with
            | what, [] -> [ what ]
            | _, words -> words)
        |> List.distinct
        |> fun all -> String.Join(", ", all)

    let private failure text (failure: ParserError) =
        let index = int failure.Position.Index

        let error =
            error text index (int failure.Position.Line) (int failure.Position.Column)

        match complaints index failure.Messages with
        | _, rule :: _ -> error rule (sentence rule)
        | labels, [] -> error (expectedText labels) (unexpected text index labels)

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
            Result.Error(broken text longest $"%d{text.Length} characters, but at most %d{longest} are read")
        else
            match tooDeep text with
            | Some index -> Result.Error(broken text index $"more than %d{deepest} parentheses one inside another")
            | None ->
                match runParserOnString (spaces >>. parser .>> (eof <?> "the end of the text")) () "" text with
                | Success(value, _, _) -> Result.Ok value
                | Failure(_, error, _) -> Result.Error(failure text error)
