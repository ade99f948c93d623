namespace A3.Cli

open A3.Model

/// What a stage of a run draws.
type StageSample =
    {
        Stage: Stage
        /// Its part of the run.
        Share: float
        /// Where it starts, as a progress of the run.
        Start: float
        Tokens: int64
        Steps: int64
        /// Mean share of the positions that are given.
        Given: float
        /// How many groups of each size are predicted, by ascending size.
        Sizes: (int * int) list
    }

/// What a curriculum draws: its stages, and some partitions along the run.
type CurriculumSample =
    {
        Plan: RunBudget
        Stages: StageSample list
        /// Progress of the run and the partition drawn there.
        Partitions: (float * Partition) list
    }

[<RequireQualifiedAccess>]
module CurriculumSample =

    let private partitionsShown = 24
    let private drawsPerStage = 200
    let private word = 3
    let private sentence = 12

    /// A sequence in words and sentences of equal length, behind BOS.
    let private shape length =
        let starts every =
            [| 0; yield! [| 1..every .. length - 1 |] |]

        { SequenceLayout.ofLength length with
            WordStarts = starts word
            SentenceStarts = starts sentence
        }

    let private stage length seed (plan: RunBudget) course start (share, stage) =
        let partitions =
            [
                for draw in 0 .. drawsPerStage - 1 do
                    let progress = start + share * (float draw + 0.5) / float drawsPerStage
                    let seed = Seed.derive (int64 draw) seed
                    (TrainingSchedule.sample course seed progress (shape length)).Partition
            ]

        {
            Stage = stage
            Share = share
            Start = start
            Tokens = share * float plan.Tokens |> round |> int64
            Steps = share * float plan.Tokens / plan.TokensPerStep |> round |> int64
            Given =
                partitions
                |> List.averageBy (fun partition -> float (Partition.evidence partition).Length / float length)
            Sizes =
                partitions
                |> List.collect (Partition.targets >> Seq.map Array.length >> List.ofSeq)
                |> List.countBy id
                |> List.sort
        }

    /// Sequences of one length, drawn over a run; the same seed gives the same sample.
    let draw length seed plan course =
        let stages = TrainingSchedule.stages course
        let starts = stages |> List.scan (fun start (share, _) -> start + share) 0.0

        {
            Plan = plan
            Stages =
                List.zip starts[.. stages.Length - 1] stages
                |> List.mapi (fun index (start, laid) ->
                    stage length (Seed.derive (int64 index) seed) plan course start laid)
            Partitions =
                [
                    for index in 0 .. partitionsShown - 1 do
                        let progress = (float index + 0.5) / float partitionsShown
                        let seed = Seed.derive (int64 index) (Seed.derive -1L seed)
                        progress, (TrainingSchedule.sample course seed progress (shape length)).Partition
                ]
        }

    /// Group sizes as bars: each size up to 8 by itself, larger ones from one power of two to the next; label, largest size
    /// and share of the groups.
    let bars stage =
        let largest size =
            if size <= 8 then
                size
            else
                int (System.Numerics.BitOperations.RoundUpToPowerOf2(uint32 size))

        let total = stage.Sizes |> List.sumBy snd |> float

        stage.Sizes
        |> List.groupBy (fst >> largest)
        |> List.map (fun (last, sizes) ->
            let label = if last <= 8 then $"{last}" else $"{last / 2 + 1}..{last}"
            label, last, float (List.sumBy snd sizes) / total)

    /// `200,000 tokens, 49 steps`.
    let length stage =
        $"{Number.grouped stage.Tokens} tokens, {Number.grouped stage.Steps} steps"

    /// The weights of the losses, where they are not ordinary.
    let losses stage =
        match stage.Stage.Losses with
        | losses when losses = Stage.ordinary -> ""
        | { Query = query; Content = None } -> $"query loss x {string query}"
        | {
              Query = query
              Content = Some content
          } -> $"query loss x {string query}, content loss x {string content}"
