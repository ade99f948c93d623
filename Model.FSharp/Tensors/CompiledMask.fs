namespace A3.Model.Tensors

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

    /// The mask between the positions that `query` takes and those that `key` takes from entries [batch, position], in the shape to
    /// which these two broadcast.
    let rec private between (query: torch.Tensor -> torch.Tensor) (key: torch.Tensor -> torch.Tensor) layouts mask =
        let inner = between query key layouts

        match mask with
        | Mask.EarlierGroup -> (key layouts.Group).lt(query layouts.Group)
        | Mask.SameGroup -> (key layouts.Group).eq(query layouts.Group)
        | Mask.NotPadding ->
            let shape = (key layouts.Padding).logical_or(query layouts.Padding).shape
            (key layouts.Padding).logical_not().expand shape
        | Mask.SameDocument -> (key layouts.Document).eq(query layouts.Document)
        | Mask.And(left, right) -> (inner left).logical_and(inner right)
        | Mask.Or(left, right) -> (inner left).logical_or(inner right)
        | Mask.Not negated -> (inner negated).logical_not()

    /// Who may attend to whom, bool [batch, query, key]; the caller owns the result.
    let compile mask (layouts: LayoutTensors) : torch.Tensor =
        between _.unsqueeze(2) _.unsqueeze(1) layouts mask

    /// Whose query sees every token before it, bool [batch, position]: `Mask.seesAllBefore`, where documents follow one another.
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

    /// Whose query may see the token before it, bool [batch, position]: `Mask.seesPreceding`.
    let seesPreceding (layouts: LayoutTensors) : torch.Tensor =
        let others = layouts.Group.shape[1] - 1L
        let nobody = torch.zeros_like(layouts.Padding).narrow(1, 0L, 1L)

        torch.cat (
            [|
                nobody
                between _.narrow(1, 1L, others) _.narrow(1, 0L, others) layouts (Mask.real Mask.query)
            |],
            1L
        )
