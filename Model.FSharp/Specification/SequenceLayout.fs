namespace A3.Model

/// What a grouping may know of a sequence.
type SequenceLayout =
    {
        Length: int
        /// Groups of given positions, earliest first; may be empty.
        Evidence: int[][]
        /// The positions at which words start, ascending; empty where words are unknown.
        WordStarts: int[]
        /// The positions at which sentences start, ascending; empty where sentences are unknown.
        SentenceStarts: int[]
    }

[<RequireQualifiedAccess>]
module SequenceLayout =

    /// A sequence of which only the length is known and nothing is given.
    let ofLength length =
        {
            Length = max 0 length
            Evidence = [||]
            WordStarts = [||]
            SentenceStarts = [||]
        }

    /// Gives positions as one more group: they see each other.
    let given positions layout =
        { layout with
            Evidence = Array.append layout.Evidence [| Array.ofSeq positions |]
        }

    /// Gives positions as singletons left to right: each sees those before it, as in a causal model.
    let givenCausally positions layout =
        { layout with
            Evidence =
                positions
                |> Seq.sort
                |> Seq.map Array.singleton
                |> Array.ofSeq
                |> Array.append layout.Evidence
        }

    /// Positions by the span they lie in, given where spans start; each by itself where that is unknown.
    let internal spans (starts: int[]) positions =
        if starts.Length = 0 then
            positions |> Array.map Array.singleton
        else
            let span (position: int) =
                let found = System.Array.BinarySearch(starts, position)
                if found >= 0 then found else ~~~found - 1

            positions |> Array.groupBy span |> Array.map snd

    /// Groups without positions already in an earlier group, and without groups that this leaves empty.
    let internal distinct (groups: int[][]) =
        let seen = System.Collections.Generic.HashSet<int>()

        groups
        |> Array.map (Array.filter seen.Add)
        |> Array.filter (fun group -> group.Length > 0)

    /// The evidence groups that make sense for the length: positions that exist, each in its first group, none empty.
    let evidence layout =
        layout.Evidence
        |> Array.map (Array.filter (fun position -> position >= 0 && position < layout.Length))
        |> distinct

    /// The positions that are not given, ascending.
    let openPositions layout =
        Array.init (max 0 layout.Length) id
        |> Array.except (Seq.concat (evidence layout))
