namespace A3.Tensors

open A3.Model
open TorchSharp

/// The layouts of a batch as tensors, each [batch, position].
type LayoutTensors =
    {
        Group: torch.Tensor
        Padding: torch.Tensor
        Document: torch.Tensor
    }

/// The second interpreter of `Mask`: the same union, compiled to tensor operations.
/// Law 3: entry [b, q, k] of `compile mask` equals `Mask.allows mask layout_b q k`.
[<RequireQualifiedAccess>]
module CompiledMask =

    /// Layouts of equal length to tensors on a device.
    let layouts (device: torch.Device) (batch: Layout[]) =
        Native.ensure ()
        let length = Layout.length batch[0]

        let stack (entries: torch.Tensor) =
            entries.reshape (int64 batch.Length, int64 length) |> Numbers.place device

        {
            Group = stack (torch.tensor (batch |> Array.collect (fun layout -> layout.Group |> Array.map int64)))
            Padding = stack (torch.tensor (batch |> Array.collect _.Padding))
            Document = stack (torch.tensor (batch |> Array.collect (fun layout -> layout.Document |> Array.map int64)))
        }

    let private map change layouts =
        {
            Group = change layouts.Group
            Padding = change layouts.Padding
            Document = change layouts.Document
        }

    /// Those of places (batch * length + position), in the shape of these.
    let at (places: torch.Tensor) layouts =
        layouts
        |> map (fun entries -> entries.flatten().index_select(0, places.flatten ()).view places.shape)

    /// The mask between positions, in the shape to which the layouts of queries and of keys broadcast.
    let rec private relate queries keys mask =
        let inner = relate queries keys

        match mask with
        | Mask.EarlierGroup -> keys.Group.lt queries.Group
        | Mask.SameGroup -> keys.Group.eq queries.Group
        | Mask.NotPadding ->
            let shape = keys.Padding.logical_or(queries.Padding).shape
            keys.Padding.logical_not().expand shape
        | Mask.SameDocument -> keys.Document.eq queries.Document
        | Mask.And(left, right) -> (inner left).logical_and(inner right)
        | Mask.Or(left, right) -> (inner left).logical_or(inner right)
        | Mask.Not negated -> (inner negated).logical_not()

    /// Who may attend to whom, bool [batch, query, key], where queries and keys are some positions each of every sequence; the caller
    /// owns the result.
    let between mask (queries: LayoutTensors) (keys: LayoutTensors) : torch.Tensor =
        relate (map _.unsqueeze(2) queries) (map _.unsqueeze(1) keys) mask

    /// `between` all positions, bool [batch, query, key].
    let compile mask layouts = between mask layouts layouts

    /// Which queries see every token before them, bool [batch, position]: `Mask.seesAllBefore`, where documents follow one another.
    let seesAllBefore (layouts: LayoutTensors) : torch.Tensor =
        let others = layouts.Group.shape[1] - 1L
        // Higher in a later document than anywhere in an earlier one.
        let rank =
            layouts.Document
            |> Numbers.scaleInteger (1L <<< 32)
            |> Numbers.add layouts.Group

        let struct (highest, _) = rank.narrow(1, 0L, others).cummax 1L
        let first = torch.ones_like(layouts.Padding).narrow(1, 0L, 1L)
        torch.cat ([| first; rank.narrow(1, 1L, others).gt highest |], 1L)

    /// Which queries may see the token before them, bool [batch, position]: `Mask.seesPreceding`.
    let seesPreceding (layouts: LayoutTensors) : torch.Tensor =
        let others = layouts.Group.shape[1] - 1L
        let nobody = torch.zeros_like(layouts.Padding).narrow(1, 0L, 1L)

        let from first =
            layouts |> map _.narrow(1, first, others)

        torch.cat ([| nobody; relate (from 1L) (from 0L) (Mask.real Mask.query) |], 1L)
