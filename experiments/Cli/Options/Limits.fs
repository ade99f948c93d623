namespace A3.Cli

open System

/// What each number may be that an option, or a field of a batch, gives.
[<RequireQualifiedAccess>]
module Limits =

    let private many = 1000000

    let private share =
        Limit.real "above 0 and at most 1" (fun value -> value > 0.0 && value <= 1.0)

    let private shareOrNone =
        Limit.real "of at least 0 and at most 1" (fun value -> value >= 0.0 && value <= 1.0)

    let private belowOne =
        Limit.real "of at least 0 and below 1" (fun value -> value >= 0.0 && value < 1.0)

    let seed = Limit.count Int64.MinValue Int64.MaxValue

    // Decoding and scoring.

    /// Tokens of a gap or of a continuation.
    let length = Limit.whole 1 many

    let temperature =
        Limit.real "of at least 0 and at most 1000000" (fun value -> value >= 0.0 && value <= 1e6)
        |> Limit.remarking "0 is greedy"

    let topK = Limit.whole 1 (1 <<< 24)
    let topP = share |> Limit.remarking "1 keeps every token"

    /// Tokens that are drafted at once.
    let window = Limit.whole 2 many

    let sweeps = Limit.whole 1 many

    let reviseShare = share |> Limit.remarking "1 draws every filled token anew"

    let samples = Limit.whole 1 many

    /// Texts that run together.
    let together = Limit.whole 1 100000

    let orders = Limit.whole 1 many

    // Drawings.

    /// Positions of a drawn sequence.
    let drawn = Limit.whole 1 4096

    /// Positions of a drawn curriculum's sequences: BOS and at least one more.
    let drawnCurriculum = Limit.whole 2 4096

    // Networks.

    let width = Limit.whole 1 (1 <<< 16)
    let layers = Limit.whole 1 1000
    let heads = Limit.whole 1 (1 <<< 16)
    let mlp = Limit.whole 1 (1 <<< 20)

    /// A vocabulary that is only measured.
    let vocabulary = Limit.whole 1 (1 <<< 24)

    /// A vocabulary that is learned: 256 bytes and 3 special tokens come first.
    let learnedVocabulary = Limit.whole 259 (1 <<< 20)

    /// Positions of the longest sequence that trains.
    let context =
        Limit.whole 8 A3.TrainingOptions.LongestContext
        |> Limit.remarking "a mask of more rows has over 2147483647 entries"

    // Training.

    /// Tokens of a run.
    let tokens = Limit.count 1L 1000000000000000L

    /// Tokens of a pass.
    let batchTokens = Limit.whole 8 (1 <<< 24)

    let gradientAccumulationSteps = Limit.whole 1 (1 <<< 16)
    let parallelMicroBatches = Limit.whole 1 1024
    let rank = Limit.whole 1 (1 <<< 14)

    let alpha =
        Limit.real "above 0 and below 1000000" (fun value -> value > 0.0 && value < 1e6)

    let learningRate =
        Limit.real "above 0 and below 1" (fun value -> value > 0.0 && value < 1.0)

    let warmup = belowOne
    let finalRate = shareOrNone

    let weightDecay =
        Limit.real "of at least 0 and below 10" (fun value -> value >= 0.0 && value < 10.0)

    let clip =
        Limit.real "above 0 and at most 1e30" (fun value -> value > 0.0 && value <= 1e30)

    let distilQueries = belowOne

    let contentWeight =
        Limit.real "of at least 0 and below 1000" (fun value -> value >= 0.0 && value < 1000.0)

    let crop = shareOrNone

    let checkpointSeconds =
        Limit.real "above 0 and at most 1000000" (fun value -> value > 0.0 && value <= 1e6)

    let keep = Limit.whole 1 1000
    let validateEvery = Limit.whole 1 1000000000
    let validationRows = Limit.whole 1 many

    // Measurements.

    /// Positions of a measured run.
    let positions = Limit.whole 1 100000

    let threads = Limit.whole 1 1024
    let rounds = Limit.whole 1 1000
    let group = Limit.whole 1 (1 <<< 20)
