namespace A3.Cli

open A3
open A3.Model

/// A text under many random orders, as people and programs meet it.
[<RequireQualifiedAccess>]
module OrderScores =

    /// Random orders, one position at a time, with seeds that count up.
    let private draw seed count =
        List.init count (fun index -> Order.Random(seed + int64 index))

    let private bitsPerByte (report: OrderReport) (logProbability: float) =
        -logProbability / log 2.0 / float report.Bytes

    let private nats (value: float) = Number.text "0.0000" value

    /// A line of names and one line for each order.
    let private table orders (report: OrderReport) =
        [
            [ "order"; "log-probability"; "bits per byte" ]
            for order, logProbability in Seq.zip orders report.LogProbabilities do
                [
                    Order.print order
                    nats logProbability
                    nats (bitsPerByte report logProbability)
                ]
        ]
        |> Table.lines [ Side.Left; Side.Right; Side.Right ]

    /// What all orders come to.
    let private totals (report: OrderReport) =
        let bits value = nats (bitsPerByte report value)

        [
            $"bound   {nats report.Bound} nats, {bits report.Bound} bits per byte: log of the mean of their probabilities"
            $"mean    {nats report.Mean} nats, {bits report.Mean} bits per byte"
            $"spread  {nats report.Spread} nats: standard deviation over orders"
        ]

    let private json orders (report: OrderReport) =
        Json.record
            [
                "bound", Json.number report.Bound
                "mean", Json.number report.Mean
                "spread", Json.number report.Spread
                "bits_per_byte", Json.number (bitsPerByte report report.Bound)
                "bytes", Json.whole report.Bytes
                "orders",
                Seq.zip orders report.LogProbabilities
                |> Seq.map (fun (order, logProbability) ->
                    Json.record
                        [
                            "order", Json.text (Order.print order)
                            "log_probability", Json.number logProbability
                        ])
                |> Json.list
            ]

    /// Scores a text under so many orders and writes what that gave.
    let run (invocation: Invocation) count (text: MarkedText) =
        let seed = defaultArg invocation.Seed 1L
        let orders = draw seed count
        use model = Decoding.load invocation
        ScoredText.requireQueryStream model "--orders"
        let report = model.ScoreOrders(text, count, seed, invocation.Cancellation)
        let output = invocation.Output

        if output.Json then
            output |> Output.json (json orders report)
        else
            output |> Output.lines (table orders report @ [ "" ] @ totals report)
