namespace A3.Model

open System
open System.Collections.Generic
open FParsec

/// What a mask may look at, one entry per position: rank of the group, whether it is padding, which document it is of.
type Layout =
    {
        Group: int[]
        Padding: bool[]
        Document: int[]
    }

[<RequireQualifiedAccess>]
module Layout =

    /// One document without padding under a partition.
    let ofPartition partition =
        {
            Group = Partition.groupOf partition
            Padding = Array.create (Partition.length partition) false
            Document = Array.create (Partition.length partition) 0
        }

    let length layout = layout.Group.Length

/// Keys next to one another, from `First` up to, not including, `End`.
[<Struct>]
type Span = { First: int; End: int }

/// Who may attend to whom, as an algebra over relations of a query position to a key position.
[<RequireQualifiedAccess>]
type Mask =
    /// The key's group comes before the query's.
    | EarlierGroup
    /// Key and query are of one group.
    | SameGroup
    /// The key is not padding.
    | NotPadding
    /// Key and query are of one document.
    | SameDocument
    | And of Mask * Mask
    | Or of Mask * Mask
    | Not of Mask

/// Law 3: the compiled mask equals `allows` entry by entry; `query` is `content` minus the own group.
[<RequireQualifiedAccess>]
module Mask =

    /// The content stream: groups up to and including the own one.
    let content = Mask.Or(Mask.EarlierGroup, Mask.SameGroup)

    /// The query stream: groups before the own one.
    let query = Mask.EarlierGroup

    /// What every mask of packed or padded sequences also demands of a key.
    let real mask =
        Mask.And(mask, Mask.And(Mask.NotPadding, Mask.SameDocument))

    /// The meaning of a mask: whether the query position may attend to the key position.
    let rec allows mask layout query key =
        match mask with
        | Mask.EarlierGroup -> layout.Group[key] < layout.Group[query]
        | Mask.SameGroup -> layout.Group[key] = layout.Group[query]
        | Mask.NotPadding -> not layout.Padding[key]
        | Mask.SameDocument -> layout.Document[key] = layout.Document[query]
        | Mask.And(left, right) -> allows left layout query key && allows right layout query key
        | Mask.Or(left, right) -> allows left layout query key || allows right layout query key
        | Mask.Not inner -> not (allows inner layout query key)

    /// Whether the query of a position may see the token before it.
    let seesPreceding layout position =
        position > 0 && allows (real query) layout position (position - 1)

    /// Whether the query of a position sees every token before it, as that of a causal model does.
    let seesAllBefore layout position =
        Seq.forall
            (fun before ->
                layout.Document[before] <> layout.Document[position]
                || allows query layout position before)
            (seq { 0 .. position - 1 })

    /// Of which positions a pass needs the content rows, where the queries of some positions and the content rows of others are wanted:
    /// those that these see, and those that those see in turn. In each document that is all up to a rank.
    let needed queries contents layout =
        let highest = Dictionary<int, int>()

        let reach below position =
            let document = layout.Document[position]
            let rank = layout.Group[position] - below

            match highest.TryGetValue document with
            | true, other when other >= rank -> ()
            | _ -> highest[document] <- rank

        Seq.iter (reach 1) queries
        Seq.iter (reach 0) contents

        Array.init (Layout.length layout) (fun position ->
            match highest.TryGetValue layout.Document[position] with
            | true, rank -> layout.Group[position] <= rank && not layout.Padding[position]
            | false, _ -> false)

    /// Sorted as they are generated: document after document, in each of them the groups by rank, padding behind everything.
    let private place layout position =
        if layout.Padding[position] then
            Int64.MaxValue
        else
            (int64 layout.Document[position] <<< 32) + int64 layout.Group[position]

    /// Positions in the order in which they are generated: document after document, group after group, padding behind all.
    let inOrder layout (positions: int[]) =
        // Unlike arrays, lists are sorted stably.
        positions |> List.ofArray |> List.sortBy (place layout) |> Array.ofList

    /// How many of the sorted numbers are less than a number.
    let private countBelow (sorted: int64[]) number =
        let rec search low high =
            if low = high then
                low
            else
                let middle = (low + high) / 2

                if sorted[middle] < number then
                    search (middle + 1) high
                else
                    search low middle

        search 0 sorted.Length

    /// In the order in which positions are generated, any mask of an any-order model is like a causal one: what a row sees of some keys in
    /// this order is one span of them, with its own group (`real content`) or without (`real query`).
    let private spans ownGroup layout keys rows =
        let places = keys |> Array.map (place layout)

        rows
        |> Array.map (fun row ->
            let document = int64 layout.Document[row] <<< 32
            let rank = int64 layout.Group[row] + ownGroup

            {
                First = countBelow places document
                End = countBelow places (document + rank)
            })

    /// Which of some keys, in the order of `inOrder`, the content rows of positions see, by `real content`.
    let contentSpans layout keys positions = spans 1L layout keys positions

    /// Which of some keys, in the order of `inOrder`, the query rows of positions see, by `real query`.
    let querySpans layout keys positions = spans 0L layout keys positions

    /// The whole mask, [query, key].
    let matrix mask layout =
        let length = Layout.length layout
        Array2D.init length length (allows mask layout)

    /// Text form: `earlier-group or same-group`, `earlier-group and not-padding and same-document`; `not` binds tighter than
    /// `and`, `and` tighter than `or`, parentheses tightest.
    let rec print mask =
        match mask with
        | Mask.Or(left, (Mask.Or _ as right)) -> $"{print left} or ({print right})"
        | Mask.Or(left, right) -> $"{print left} or {print right}"
        | Mask.And _
        | Mask.Not _
        | Mask.EarlierGroup
        | Mask.SameGroup
        | Mask.NotPadding
        | Mask.SameDocument -> conjunction mask

    and private conjunction mask =
        match mask with
        | Mask.And(left, (Mask.And _ as right)) -> $"{conjunction left} and ({print right})"
        | Mask.And(left, right) -> $"{conjunction left} and {conjunction right}"
        | Mask.Not inner ->
            let inner = print inner

            if inner.Contains ' ' then
                $"not ({inner})"
            else
                $"not {inner}"
        | Mask.Or _ -> $"({print mask})"
        | Mask.EarlierGroup -> "earlier-group"
        | Mask.SameGroup -> "same-group"
        | Mask.NotPadding -> "not-padding"
        | Mask.SameDocument -> "same-document"

    let internal parser =
        let whole, wholeReference = createParserForwardedToRef ()
        let inParentheses = Syntax.parenthesised whole

        let relation =
            Syntax.oneOf
                "a relation"
                [
                    "earlier-group", preturn Mask.EarlierGroup
                    "same-group", preturn Mask.SameGroup
                    "not-padding", preturn Mask.NotPadding
                    "same-document", preturn Mask.SameDocument
                ]
            <|> inParentheses

        let negation = Syntax.keyword "not" >>. relation |>> Mask.Not <|> relation

        let joined word combine operand =
            Syntax.chain operand (Syntax.keyword word >>. operand |>> fun right left -> combine (left, right))

        wholeReference.Value <- negation |> joined "and" Mask.And |> joined "or" Mask.Or
        whole

    let parse text = Syntax.run parser text
