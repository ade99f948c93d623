module A3.Tensor.Tests.SpanLaws

#nowarn "9"

open System
open A3.Model
open A3.Tensors
open A3.Kernels
open A3.Kernels.Attention
open A3.Kernels.Products
open A3.Tensor.Tests.TensorSamples
open Expecto
open FsCheck.FSharp
open Microsoft.FSharp.NativeInterop
open TorchSharp

/// Sequences of some lengths, heads and KV heads, their width, and what every row sees; keys of all, then as many query rows of all.
type private Sample =
    {
        Lengths: int list
        Heads: int
        KvHeads: int
        Width: int
        Spans: Interval[]
    }

let private samples =
    gen {
        let! count = Gen.choose (1, 3)
        let! lengths = Gen.listOfLength count (Gen.choose (1, 90))
        let! kvHeads = Gen.choose (1, 2)
        let! sharing = Gen.choose (1, 3)
        let! halfWidth = Gen.elements [ 1; 2; 5; 16; 20; 32; 33 ]

        let span length =
            Gen.two (Gen.choose (0, length))
            |> Gen.map (fun (one, other) -> Interval(min one other, max one other))

        let! spans =
            lengths @ lengths
            |> List.collect (fun length -> List.replicate length (span length))
            |> Gen.sequenceToList

        return
            {
                Lengths = lengths
                Heads = kvHeads * sharing
                KvHeads = kvHeads
                Width = 2 * halfWidth
                Spans = Array.ofList spans
            }
    }

let private starts lengths =
    List.scan (+) 0 lengths |> List.take (List.length lengths)

/// Rows in the order of the spans: what sequence each is of, and which of all keys it sees.
let private sees sample =
    let keys = List.zip (starts sample.Lengths) sample.Lengths

    let first =
        keys @ keys
        |> List.collect (fun (start, length) -> List.replicate length start)
        |> Array.ofList

    let count = List.sum sample.Lengths

    Array.map2
        (fun first (span: Interval) -> Array.init count (fun key -> span.Contains(key - first)))
        first
        sample.Spans

let private rotationOf (sample: Sample) (rows: int) =
    Rotation.at
        { base' with HeadWidth = sample.Width }
        torch.float32
        (torch.tensor(Array.init rows (fun row -> int64 (row * 3 % 50))).unsqueeze 0)

let private rowsOf sample : SpanRows =
    let count = List.sum sample.Lengths

    let intervals first =
        List.map2
            (fun start count -> Interval(first + start, first + start + count))
            (starts sample.Lengths)
            sample.Lengths

    {
        Sequences =
            List.map2 (fun keys queries -> SpanSequence(keys, [| keys; queries |])) (intervals 0) (intervals count)
            |> Array.ofList
        Spans = sample.Spans
        KeyRotation = rotationOf sample count
        QueryRotation = rotationOf sample (2 * count)
    }

/// Heads as a block makes them, a view of [row, head, width], by chance.
let private heads (heads: int) (rows: int) (width: int) (seed: int) =
    torch
        .randn([| 1L; int64 rows; int64 heads; int64 width |], generator = new torch.Generator(uint64 seed, torch.CPU))
        .transpose(1, 2)

let private headsOf sample =
    let count = List.sum sample.Lengths

    heads sample.Heads (2 * count) sample.Width 1,
    heads sample.KvHeads count sample.Width 2,
    heads sample.KvHeads count sample.Width 3,
    heads sample.Heads (2 * count) sample.Width 4

/// What libtorch makes of it under a mask over all keys, and the gradients towards queries, keys and values.
let private byLibtorch sample =
    let queries, keys, values, gradient = headsOf sample
    let rows = rowsOf sample
    let sees = sees sample |> Array.concat

    let bias =
        torch.tensor(sees).view(1L, 1L, sample.Spans.LongLength, -1L)
        |> Attention.bias torch.float32

    let architecture =
        { base' with
            Heads = sample.Heads
            KvHeads = sample.KvHeads
        }

    let attended =
        (Attention.differentiated (fun queries keys values ->
            Attention.within
                architecture
                bias
                (queries |> Rotation.apply rows.QueryRotation)
                (keys |> Rotation.apply rows.KeyRotation)
                values))
            .Run
            (queries.requires_grad_ ())
            (keys.requires_grad_ ())
            (values.requires_grad_ ())

    attended.Output :: attended.Backward gradient

let private bySpans sample =
    let queries, keys, values, gradient = headsOf sample
    let attended = (Attention.overSpans (rowsOf sample)).Run queries keys values
    attended.Output :: attended.Backward gradient

let private scope work =
    use _ = torch.NewDisposeScope()
    work ()

let private attention =
    test "attention over spans is attention under the mask of these, forward and backward" {
        check 60 samples (fun sample ->
            scope (fun () ->
                for name, expected, actual in
                    List.zip3 [ "outputs"; "queries"; "keys"; "values" ] (byLibtorch sample) (bySpans sample) do
                    Expect.equal actual.shape expected.shape name
                    let difference = (actual - expected).abs().max().item<float32>()
                    let largest = expected.abs().max().item<float32>()
                    Expect.isLessThan difference (1e-5f * max 1f largest) name))
    }

let private threads =
    test "12. attention over spans gives the same bits whatever the number of threads" {
        let before = torch.get_num_threads ()

        try
            check 10 samples (fun sample ->
                scope (fun () ->
                    let numbers threads =
                        torch.set_num_threads threads

                        let norm =
                            {
                                Scales = torch.ones(300L).requires_grad_()
                                Epsilon = 1e-5
                            }

                        let rows = torch.ones ([| 300L; 300L |]) |> _.cumsum(0L)
                        let operation = Norm.run norm rows
                        bySpans sample @ operation.Output :: operation.Backward rows |> List.map floats

                    Expect.equal (numbers 3) (numbers 1) "numbers"))
        finally
            torch.set_num_threads before
    }

let private halfPrecision =
    test "attention over spans computes in float32 and gives numbers of the type of its heads" {
        check 5 samples (fun sample ->
            scope (fun () ->
                let queries, keys, values, gradient = headsOf sample
                let half (x: torch.Tensor) = x.to_type torch.bfloat16
                let attention = Attention.overSpans (rowsOf sample)
                let attended = attention.Run (half queries) (half keys) (half values)

                for expected, actual in
                    List.zip (bySpans sample) (attended.Output :: attended.Backward(half gradient)) do
                    Expect.equal actual.dtype torch.bfloat16 "number type"

                    let difference =
                        (actual.to_type torch.float32 - expected).abs().max().item<float32>()

                    Expect.isLessThan difference (0.05f * max 1f (expected.abs().max().item<float32>())) "numbers"))
    }

let private misuse =
    test "attention over spans refuses heads of other rows before it reads memory" {
        let sample =
            {
                Lengths = [ 4 ]
                Heads = 1
                KvHeads = 1
                Width = 4
                Spans = Array.replicate 8 (Interval(0, 4))
            }

        let queries, keys, values, _ = headsOf sample
        let attend = (Attention.overSpans (rowsOf sample)).Outputs

        for queries, keys, values in
            [
                queries.narrow (2, 0L, 7L), keys, values
                queries, keys.narrow (2, 0L, 3L), values
                queries, keys, values.narrow (2, 0L, 3L)
            ] do
            Expect.throwsT<ArgumentException> (fun () -> attend queries keys values |> ignore) "other rows"

        let beyond =
            { sample with
                Spans = Array.replicate 8 (Interval(0, 5))
            }

        Expect.throwsT<ArgumentException>
            (fun () -> Attention.overSpans (rowsOf beyond) |> ignore)
            "a span beyond its sequence"
    }

let private norm =
    test "a norm with a backward pass of its own is the norm that libtorch differentiates" {
        check
            40
            (Gen.zip3
                (Gen.choose (1, 300))
                (Gen.elements [ 1; 7; 16; 40; 129 ])
                (Gen.elements [ torch.float32; torch.bfloat16 ]))
            (fun (rows, width, dtype) ->
                scope (fun () ->
                    let numbers (seed: int) (shape: int64[]) =
                        torch.randn(shape, generator = new torch.Generator(uint64 seed, torch.CPU)).to_type dtype

                    let x, gradient =
                        numbers 1 [| 1L; int64 rows; int64 width |], numbers 2 [| 1L; int64 rows; int64 width |]

                    let norm =
                        {
                            Scales = numbers 3 [| int64 width |]
                            Epsilon = 1e-5
                        }

                    let expected =
                        [ x.requires_grad_ (); norm.Scales.requires_grad_ () ]
                        |> Operation.byLibtorch (fun inputs -> Norm.apply { norm with Scales = inputs[1] } inputs[0])

                    let actual = Norm.run norm x
                    let tolerance = if dtype = torch.float32 then 1e-5f else 0.03f

                    for name, expected, actual in
                        List.zip3
                            [ "rows"; "towards rows"; "towards scales" ]
                            (expected.Output :: expected.Backward gradient)
                            (actual.Output :: actual.Backward gradient) do
                        Expect.equal (actual.shape, actual.dtype) (expected.shape, expected.dtype) name

                        let difference =
                            (actual - expected).abs().max().to_type(torch.float32).item<float32>()

                        let largest = expected.abs().max().to_type(torch.float32).item<float32>()
                        Expect.isLessThan difference (tolerance * max 1f largest) name))
    }

let private product =
    test "a product of a tile is the same chain of multiply-adds in long registers and in short ones" {
        check
            30
            (Gen.zip3 (Gen.choose (0, 300)) (Gen.elements [ true; false ]) (Gen.elements [ true; false ]))
            (fun (depth, transposed, accumulate) ->
                let random = Random depth

                let numbers count =
                    Array.init count (fun _ -> random.NextSingle() - 0.5f)

                let aStride, bStride, cStride =
                    (if transposed then TileKernel.Rows else depth + 3), TileKernel.Columns + 5, TileKernel.Columns + 2

                let a, b =
                    numbers (aStride * (max depth TileKernel.Rows + 1)), numbers (bStride * (depth + 1))

                let before = numbers (cStride * TileKernel.Rows)
                let aRow, aStep = if transposed then 1, aStride else aStride, 1

                let expected = Array.copy before

                for row in 0 .. TileKernel.Rows - 1 do
                    for column in 0 .. TileKernel.Columns - 1 do
                        let start = if accumulate then before[row * cStride + column] else 0f

                        expected[row * cStride + column] <-
                            [ 0 .. depth - 1 ]
                            |> List.fold
                                (fun sum step ->
                                    MathF.FusedMultiplyAdd(
                                        a[row * aRow + step * aStep],
                                        b[step * bStride + column],
                                        sum
                                    ))
                                start

                let actual multiply =
                    let actual = Array.copy before
                    use a = fixed a
                    use b = fixed b
                    use c = fixed actual
                    multiply a aRow aStep b bStride depth c cStride
                    actual

                Expect.equal
                    (actual (fun a aRow aStep b bStride depth c cStride ->
                        TileKernel.Multiply<PanelRows.Pair>(
                            a,
                            nativeint aRow,
                            nativeint aStep,
                            b,
                            nativeint bStride,
                            depth,
                            c,
                            nativeint cStride,
                            accumulate
                        )))
                    expected
                    "short registers"

                if Runtime.Intrinsics.Vector512.IsHardwareAccelerated then
                    Expect.equal
                        (actual (fun a aRow aStep b bStride depth c cStride ->
                            TileKernel.Multiply<PanelRows.WidePair>(
                                a,
                                nativeint aRow,
                                nativeint aStep,
                                b,
                                nativeint bStride,
                                depth,
                                c,
                                nativeint cStride,
                                accumulate
                            )))
                        expected
                        "long registers")
    }

let private parallelFor =
    test "a loop on libtorch's threads does every item once, and raises the first error" {
        let before = torch.get_num_threads ()

        try
            for threads in [ 1; 3 ] do
                torch.set_num_threads threads
                let loop = TorchParallelFor.Current
                let times = Array.zeroCreate<int> 1000
                let workers = Collections.Concurrent.ConcurrentBag()

                loop.Run(
                    times.Length,
                    1L <<< 20,
                    fun worker first last ->
                        workers.Add worker

                        for item in first .. last - 1 do
                            Threading.Interlocked.Increment &times[item] |> ignore
                )

                Expect.allEqual times 1 "items"
                Expect.isTrue (workers |> Seq.forall (fun worker -> 0 <= worker && worker < loop.Workers)) "workers"

                Expect.throwsT<InvalidTimeZoneException>
                    (fun () ->
                        loop.Run(
                            100,
                            1L <<< 20,
                            fun _ item _ ->
                                if item = 7 then
                                    raise (InvalidTimeZoneException "seven")
                        ))
                    "the error"
        finally
            torch.set_num_threads before
    }

/// Torch's thread pool is process-wide, so they run one after another.
let tests =
    testList "spans" [ attention; threads; halfPrecision; misuse; norm; product; parallelFor ]
    |> testSequenced
