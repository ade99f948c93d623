namespace A3.Model

open FParsec

/// Positions 0..N-1 split into K ordered groups G_0..G_{K-1}: disjoint, covering, none empty. The first `evidence`
/// groups are given; all others are targets.
type Partition =
    private
        {
            groups: int[][]
            groupOf: int[]
            evidence: int
        }

/// Why groups of positions are not a partition.
[<RequireQualifiedAccess>]
type PartitionError =
    | Empty of group: int
    | OutOfRange of group: int * position: int * length: int
    | Repeated of position: int * first: int * second: int
    | Evidence of evidence: int * groups: int

    member error.Message =
        match error with
        | Empty group -> $"group %d{group} is empty; every group of a partition holds at least one position."
        | OutOfRange(group, position, length) ->
            $"group %d{group} holds position {string position}, but a partition of %d{length} positions holds only 0..%d{length - 1}, each once."
        | Repeated(position, first, second) ->
            $"position %d{position} is in group %d{first} and in group %d{second}; it may be in one only."
        | Evidence(evidence, groups) ->
            $"{string evidence} evidence groups, but the partition has %d{groups} groups (0..%d{groups} fit)."

/// Laws: `ofRanks (groupOf p) = p` up to evidence; refinement is a partial order with singletons at the bottom and
/// everything in one group at the top.
[<RequireQualifiedAccess>]
module Partition =

    /// Groups by rank, the first `evidence` of them given. Positions inside a group are kept in ascending order: a group
    /// is a set.
    let tryCreate evidence (groups: int[][]) =
        let length = groups |> Array.sumBy Array.length
        let groupOf = Array.create length -1

        let place group position =
            if position < 0 || position >= length then
                Some(PartitionError.OutOfRange(group, position, length))
            elif groupOf[position] >= 0 then
                Some(PartitionError.Repeated(position, groupOf[position], group))
            else
                groupOf[position] <- group
                None

        let misplaced =
            groups
            |> Seq.indexed
            |> Seq.tryPick (fun (group, positions) ->
                if Array.isEmpty positions then
                    Some(PartitionError.Empty group)
                else
                    positions |> Array.tryPick (place group))

        match misplaced with
        | Some error -> Result.Error error
        | None when evidence < 0 || evidence > groups.Length ->
            Result.Error(PartitionError.Evidence(evidence, groups.Length))
        | None ->
            Result.Ok
                {
                    groups = groups |> Array.map Array.sort
                    groupOf = groupOf
                    evidence = evidence
                }

    /// As `tryCreate`, for groups known to be right; throws with the same message.
    let create evidence groups =
        match tryCreate evidence groups with
        | Result.Ok partition -> partition
        | Result.Error error -> invalidArg (nameof groups) error.Message

    /// The partition whose groups are the positions of equal rank, lower rank earlier; ranks may have gaps.
    let ofRanks evidence (ranks: int[]) =
        ranks
        |> Array.indexed
        |> Array.groupBy snd
        |> Array.sortBy fst
        |> Array.map (snd >> Array.map fst)
        |> create evidence

    /// The same groups with another number of leading ones given.
    let withEvidence evidence partition = create evidence partition.groups

    let length partition = partition.groupOf.Length

    let groupCount partition = partition.groups.Length

    /// How many leading groups are given.
    let evidenceGroups partition = partition.evidence

    /// The positions of one group, ascending; a fresh array.
    let group rank partition = Array.copy partition.groups[rank]

    /// All groups by rank, evidence included.
    let groups partition =
        partition.groups |> Array.map Array.copy

    /// The rank of the group of each position.
    let groupOf partition = Array.copy partition.groupOf

    /// The rank of the group of one position.
    let rankOf position partition = partition.groupOf[position]

    let isEvidence position partition =
        partition.groupOf[position] < partition.evidence

    /// How many positions from 0 on are groups of one in reading order: the content stream sees of each what a causal model sees.
    let causalPrefix partition =
        partition.groups
        |> Array.indexed
        |> Array.takeWhile (fun (rank, group) -> group = [| rank |])
        |> Array.length

    /// The groups that are predicted, by rank.
    let targets partition =
        partition.groups |> Array.skip partition.evidence |> Array.map Array.copy

    /// Given positions, ascending.
    let evidence partition =
        partition.groups |> Array.take partition.evidence |> Array.concat |> Array.sort

    /// Whether each group of `fine` lies within one group of `coarse`, in the same order of groups. Which groups are given
    /// does not count.
    let refines fine coarse =
        length fine = length coarse
        && (let images =
                fine.groups
                |> Array.map (Array.map (fun position -> coarse.groupOf[position]) >> Array.distinct)

            images |> Array.forall (fun image -> image.Length = 1)
            && images
               |> Array.pairwise
               |> Array.forall (fun (earlier, later) -> earlier[0] <= later[0]))

    /// The same partition after moving position i to `relabel i`.
    let relabel permutation partition =
        partition.groups
        |> Array.map (Array.map (fun position -> Permutation.positionAt position permutation))
        |> create partition.evidence

    /// Text form: groups by rank, those given marked: `given 0..3 8 / 4 7 / 5..6`; `empty` for no positions.
    let print partition =
        let printGroup rank positions =
            let mark = if rank < partition.evidence then "given " else ""
            mark + Interval.printAll positions

        if partition.groups.Length = 0 then
            "empty"
        else
            System.String.Join(" / ", partition.groups |> Array.mapi printGroup)

    let internal parser =
        let group = opt (Syntax.keyword "given") .>>. many1 Interval.parser

        let assemble groups =
            let marks, intervals = List.unzip groups
            let evidence = marks |> List.takeWhile Option.isSome |> List.length

            if marks |> List.skip evidence |> List.exists Option.isSome then
                fail "a given group behind one that is not; evidence comes first"
            else
                Interval.expand intervals
                >>= fun groups ->
                    match tryCreate evidence (Array.ofList groups) with
                    | Result.Ok partition -> preturn partition
                    | Result.Error error -> fail error.Message

        Syntax.keyword "empty" >>% create 0 [||]
        <|> (sepBy1 group (Syntax.symbol "/") >>= assemble)

    let parse text = Syntax.run parser text
