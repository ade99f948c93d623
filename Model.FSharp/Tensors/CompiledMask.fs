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

    /// Who may attend to whom, bool [batch, query, key]; the caller owns the result.
    let rec compile mask (layouts: LayoutTensors) : torch.Tensor =
        let query (entries: torch.Tensor) = entries.unsqueeze 2
        let key (entries: torch.Tensor) = entries.unsqueeze 1

        match mask with
        | Mask.EarlierGroup -> (key layouts.Group).lt(query layouts.Group)
        | Mask.SameGroup -> (key layouts.Group).eq(query layouts.Group)
        | Mask.NotPadding -> (key layouts.Padding).logical_not().expand(-1L, layouts.Padding.shape[1], -1L)
        | Mask.SameDocument -> (key layouts.Document).eq(query layouts.Document)
        | Mask.And(left, right) -> (compile left layouts).logical_and(compile right layouts)
        | Mask.Or(left, right) -> (compile left layouts).logical_or(compile right layouts)
        | Mask.Not inner -> (compile inner layouts).logical_not()
