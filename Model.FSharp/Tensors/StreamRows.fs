namespace A3.Tensors

open A3.Model
open TorchSharp

/// Sequences behind one another that have as many rows each.
type RowPiece =
    {
        Sequences: int64
        /// Content rows of each.
        Content: int64
        /// Query rows of each.
        Query: int64
    }

/// Which of its sequence's content rows every row sees, where these lie in the order of generation.
type StreamSpans =
    {
        /// [content row].
        Content: Span[]
        /// [query row].
        Query: Span[]
    }

/// The rows of a pass over whole sequences: the content rows and the query rows that something depends on, sequence after sequence.
/// Places count positions row by row, batch * length + position.
type StreamRows =
    {
        /// Places, int64 [content row].
        Content: torch.Tensor
        /// Places, int64 [query row].
        Query: torch.Tensor
        /// The sequences of both.
        Pieces: RowPiece list
        /// Where the rows of every sequence are in the order of generation: what they see.
        Spans: StreamSpans option
        /// Where the rows of targets lie among the query rows, int64 [target].
        Targets: torch.Tensor
        /// Where the rows of causal targets lie among the content rows, int64 [causal target].
        CausalTargets: torch.Tensor
    }

[<RequireQualifiedAccess>]
module StreamRows =

    /// Every row of both streams in one piece, for targets at some places and causal targets at others.
    let all (batch: int64) (length: int64) targets causalTargets (device: torch.Device) =
        let places = Numbers.range (batch * length) device

        {
            Content = places
            Query = places
            Pieces =
                [
                    {
                        Sequences = batch
                        Content = length
                        Query = length
                    }
                ]
            Spans = None
            Targets = targets
            CausalTargets = causalTargets
        }

    let private host (numbers: int64 seq) = torch.tensor (Array.ofSeq numbers)

    /// Neighbours that have as many rows as one piece.
    let private joined pieces =
        let join (piece: RowPiece) (joined: RowPiece list) =
            match joined with
            | next :: others when next.Content = piece.Content && next.Query = piece.Query ->
                { next with
                    Sequences = piece.Sequences + next.Sequences
                }
                :: others
            | others -> piece :: others

        List.foldBack join pieces []

    /// Positions of every sequence, and others until there are a multiple of so many in all, as far as there are others.
    let private filled multiple length (positions: int[][]) =
        let lacking = (multiple - (positions |> Array.sumBy _.Length) % multiple) % multiple

        positions
        |> Array.mapFold
            (fun lacking chosen ->
                let others =
                    if lacking = 0 then
                        [||]
                    else
                        Array.except chosen [| 0 .. length - 1 |] |> Array.truncate lacking

                Array.append chosen others, lacking - others.Length)
            lacking
        |> fst

    /// The query rows of the targets, and the content rows that these need and that causal targets are predicted from, each filled up to a
    /// multiple of so many, in the order in which each sequence is generated. The first content row of every sequence is there in any case.
    let needed multiple (layouts: Layout[]) (targets: int64[]) (causalTargets: int64[]) =
        let length = Layout.length layouts[0]

        let bySequence (places: int64[]) =
            let positions = Array.init layouts.Length (fun _ -> ResizeArray())

            for place in places do
                positions[int place / length].Add(int place % length)

            positions

        let targetsOf, causalOf = bySequence targets, bySequence causalTargets

        let inOrder = filled multiple length >> Array.map2 Mask.inOrder layouts

        let queries = targetsOf |> Array.map _.ToArray() |> inOrder

        let contents =
            layouts
            |> Array.mapi (fun sequence layout ->
                let needed = Mask.needed targetsOf[sequence] causalOf[sequence] layout

                [| 0 .. length - 1 |]
                |> Array.filter (fun position -> position = 0 || needed[position]))
            |> inOrder

        let placesOf positions =
            positions
            |> Array.mapi (fun sequence positions ->
                positions
                |> Array.map (fun position -> int64 sequence * int64 length + int64 position))
            |> Array.concat

        let rowOf places =
            let rows = places |> Seq.mapi (fun row place -> place, int64 row) |> dict
            Seq.map (fun place -> rows[place])

        let content, query = placesOf contents, placesOf queries

        {
            Content = host content
            Query = host query
            Pieces =
                List.init layouts.Length (fun sequence ->
                    {
                        Sequences = 1L
                        Content = int64 contents[sequence].Length
                        Query = int64 queries[sequence].Length
                    })
                |> joined
            Spans =
                Some
                    {
                        Content = Array.map3 Mask.contentSpans layouts contents contents |> Array.concat
                        Query = Array.map3 Mask.querySpans layouts contents queries |> Array.concat
                    }
            Targets = host (targets |> rowOf query)
            CausalTargets = host (causalTargets |> rowOf content)
        }

    /// The same rows, which attend by masks alone.
    let masked rows = { rows with Spans = None }

    /// On a CPU what a pass in a number type needs; on a GPU, which would rather do more at a time than less, everything.
    let choose (device: torch.Device) computes (layouts: Layout[]) targets causalTargets =
        if device.``type`` = DeviceType.CUDA then
            let placed numbers = host numbers |> Numbers.place device
            all layouts.LongLength (int64 (Layout.length layouts[0])) (placed targets) (placed causalTargets) device
        else
            needed (RowPadding.multiple device computes) layouts targets causalTargets
