namespace A3.Model

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

    /// The whole mask, [query, key].
    let matrix mask layout =
        let length = Layout.length layout
        Array2D.init length length (allows mask layout)
