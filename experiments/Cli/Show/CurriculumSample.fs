namespace A3.Cli

open A3.Model

/// What a curriculum draws: some partitions along the run, and how large groups are in each of its stages.
type CurriculumSample =
    {
        /// Progress of the run and the partition drawn there.
        Partitions: (float * Partition) list
        /// For each stage its share of the run, and how many groups of each size its draws predict, by ascending size.
        Sizes: (float * (int * int) list) list
    }

[<RequireQualifiedAccess>]
module CurriculumSample =

    let private partitionsShown = 24
    let private drawsPerStage = 200

    let private sizesOf length seed curriculum first share =
        [
            for draw in 0 .. drawsPerStage - 1 do
                let progress = first + share * (float draw + 0.5) / float drawsPerStage
                let seed = Seed.derive (int64 draw) seed

                yield!
                    Shape.ofLength length
                    |> Curriculum.draw curriculum seed progress
                    |> Partition.targets
                    |> Seq.map Array.length
        ]
        |> List.countBy id
        |> List.sort

    /// The same seed gives the same sample.
    let draw length seed curriculum =
        let shares = Curriculum.stages curriculum |> List.map _.Share
        let starts = shares |> List.scan (+) 0.0

        {
            Partitions =
                [
                    for index in 0 .. partitionsShown - 1 do
                        let progress = (float index + 0.5) / float partitionsShown
                        let seed = Seed.derive (int64 index) (Seed.derive -1L seed)
                        progress, Curriculum.draw curriculum seed progress (Shape.ofLength length)
                ]
            Sizes =
                List.zip starts[.. shares.Length - 1] shares
                |> List.mapi (fun stage (first, share) ->
                    share, sizesOf length (Seed.derive (int64 stage) seed) curriculum first share)
        }
