namespace A3.Tensors

open A3.Kernels
open A3.Kernels.Attention
open TorchSharp

/// What the rows of a pass attend to where each attends to one span of its sequence's keys, as with rows in the order of `Mask.inOrder`.
type internal SpanRows =
    {
        Sequences: SpanSequence[]
        /// Of every row that attends, counted from the first key of its sequence.
        Spans: Interval[]
        /// Of the rows of keys, float32.
        KeyRotation: Rotation
        /// Of the rows that attend, float32.
        QueryRotation: Rotation
    }

[<RequireQualifiedAccess>]
module internal SpanRows =

    let private rotations (rotation: Rotation) =
        RowRotations(TensorMemory.heads rotation.Cosine, TensorMemory.heads rotation.Sine)

    /// The rows, whose spans and sequences lie within what there is: kernels check nothing.
    let validated rows =
        let isWithin count (rows: Interval) =
            0 <= rows.Start && rows.Start <= rows.End && rows.End <= count

        let isWhole (sequence: SpanSequence) =
            isWithin (int rows.KeyRotation.Cosine.shape[2]) sequence.Keys
            && sequence.Queries
               |> Array.forall (fun queries ->
                   isWithin rows.Spans.Length queries
                   && Seq.forall
                       (fun row -> isWithin sequence.Keys.Length rows.Spans[row])
                       (seq { queries.Start .. queries.End - 1 }))

        match rows.Sequences |> Array.tryFindIndex (isWhole >> not) with
        | None -> rows
        | Some sequence ->
            invalidArg
                (nameof rows)
                $"a row of sequence %d{sequence} attends to keys beyond the sequence, or lies beyond the pass."

    /// A pass over heads in the form of `TensorMemory.readableHeads`, all of which live on until it is over.
    let pass rows (queries: torch.Tensor) (keys: torch.Tensor) (values: torch.Tensor) (logSumExps: torch.Tensor) =
        if
            queries.shape[2] <> rows.Spans.LongLength
            || queries.shape[2] <> rows.QueryRotation.Cosine.shape[2]
            || keys.shape[2] <> rows.KeyRotation.Cosine.shape[2]
            || keys.shape[2] <> values.shape[2]
        then
            invalidArg
                (nameof rows)
                $"%d{queries.shape[2]} rows of queries, %d{keys.shape[2]} of keys and %d{values.shape[2]} of values were given, but %d{rows.Spans.Length} attend to spans of %d{rows.KeyRotation.Cosine.shape[2]}."

        SpanPass(
            rows.Sequences,
            rows.Spans,
            TensorMemory.heads queries,
            TensorMemory.heads keys,
            TensorMemory.heads values,
            rotations rows.QueryRotation,
            rotations rows.KeyRotation,
            TensorMemory.heads logSumExps,
            int keys.shape[1],
            int (queries.shape[1] / keys.shape[1]),
            int queries.shape[3]
        )
