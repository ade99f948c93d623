namespace A3.Model

open FParsec

/// What a recipe makes of the positions that are not context.
[<RequireQualifiedAccess>]
type Recipe =
    /// A grouping, each `Random` in it redrawn for every sequence.
    | Template of Grouping
    /// Chunks along an order (its `Random` redrawn too) whose size grows from `first` to `last` with the progress within
    /// the stage, each size for an equal part of it.
    | Expand of Order * first: int * last: int

/// A number that goes linearly from the start of a stage to its end.
[<Struct>]
type Ramp = { From: float; To: float }

/// How much the targets of a sequence count in the query stream's loss, which is the weighted mean over a batch.
[<RequireQualifiedAccess>]
type Weighting =
    /// Each target once.
    | Even
    /// Each target by 1/t, where t is the share of the open positions (all but BOS) that are targets.
    | InverseShare

/// One component of a stage's mixture.
type MixtureComponent =
    {
        Weight: Ramp
        Weighting: Weighting
        Context: EvidenceModel
        Recipe: Recipe
    }

/// Why a mixture component is not one.
[<RequireQualifiedAccess>]
type MixtureComponentError =
    | Weight of Ramp
    | Bounds of what: string * first: int * last: int
    | OwnEvidence

    member error.Message =
        match error with
        | Weight ramp when ramp.From = ramp.To -> $"weight {string ramp.From}; a weight is a finite number above 0."
        | Weight ramp ->
            $"weight {string ramp.From} to {string ramp.To}; both ends are finite numbers of at least 0, and one is above 0."
        | Bounds(what, first, last) ->
            $"{what} {string first}..{string last}; both ends are at least 1, and the first is not above the last."
        | OwnEvidence -> "`given` inside; the evidence of a component is its context, so name a prefix or gaps instead."

/// Masked diffusion is the component `weighted 1/t | scattered bidirectional | all-at-once`. With k of the L open positions
/// masked, k uniform in 1..L and every set of k equally probable, its loss is L/k times the sum of -log p(x_i | x_unmasked)
/// over the masked i: an unbiased estimate of the bound on -log p(x) of masked diffusion with any schedule (MDLM, Sahoo et
/// al. 2024; the form with a fixed number of masks is that of LLaDA, Nie et al. 2025, equation 6). The bound is the mean over
/// all orders of -log p one position at a time.
[<RequireQualifiedAccess>]
module MixtureComponent =

    let private interval what first last =
        if first >= 1 && first <= last then
            None
        else
            Some(MixtureComponentError.Bounds(what, first, last))

    let private contextError context =
        EvidenceModel.ranges context
        |> List.tryPick (fun (what, range) -> interval what range.Lowest range.Highest)

    let private recipeError recipe =
        match recipe with
        | Recipe.Template grouping when Grouping.givesEvidence grouping -> Some MixtureComponentError.OwnEvidence
        | Recipe.Template _ -> None
        | Recipe.Expand(_, first, last) -> interval "expand" first last

    let private weightError ramp =
        let holds value =
            value >= 0.0 && System.Double.IsFinite value

        if holds ramp.From && holds ramp.To && ramp.From + ramp.To > 0.0 then
            None
        else
            Some(MixtureComponentError.Weight ramp)

    /// The first rule that a mixture component breaks.
    let error item =
        weightError item.Weight
        |> Option.orElse (contextError item.Context)
        |> Option.orElse (recipeError item.Recipe)

    /// A mixture component of constant weight whose targets count once each.
    let create weight context recipe =
        {
            Weight = { From = weight; To = weight }
            Weighting = Weighting.Even
            Context = context
            Recipe = recipe
        }

    /// The weight in the mixture at a progress in 0..1 of the stage.
    let weightAt progress item =
        item.Weight.From + (item.Weight.To - item.Weight.From) * progress

    /// The largest group that the recipe asks for by number.
    let largest item =
        match item.Recipe with
        | Recipe.Template grouping -> Grouping.largest grouping
        | Recipe.Expand(_, _, last) -> int64 last

    let private groupingOf seed progress recipe =
        match recipe with
        | Recipe.Template grouping -> Grouping.reseed seed grouping
        | Recipe.Expand(order, first, last) ->
            let grown =
                progress * (float last - float first + 1.0) |> min (float (last - first))

            Grouping.chunks (first + int grown) (Order.reseed seed order)

    /// BOS as a group of its own before all evidence, unless it is in it already.
    let private withStart layout =
        if layout.Evidence |> Array.exists (Array.contains 0) then
            layout
        else
            { layout with
                Evidence = Array.append [| [| 0 |] |] layout.Evidence
            }

    /// The partition of one sequence, at a progress in 0..1 of the stage.
    let partition seed progress layout item =
        let layout = withStart layout

        let positions, reading =
            EvidenceModel.choose (Seed.derive 0L seed) layout item.Context

        let grouping = groupingOf (Seed.derive 1L seed) progress item.Recipe

        match reading with
        | Reading.Bidirectional when layout.Evidence = [| [| 0 |] |] ->
            grouping
            |> Grouping.resolve
                { layout with
                    Evidence = [| Array.append [| 0 |] positions |]
                }
        | Reading.Bidirectional -> grouping |> Grouping.resolve (SequenceLayout.given positions layout)
        | Reading.Causal -> grouping |> Grouping.resolve (SequenceLayout.givenCausally positions layout)
        | Reading.Predicted ->
            // Orders count the open positions from 0.
            let isOpen = SequenceLayout.openPositions layout

            let places =
                positions
                |> Array.map (fun position -> System.Array.BinarySearch(isOpen, position))

            let read = Grouping.singletons (Order.Explicit(List.ofArray places))
            Grouping.Then(read, grouping) |> Grouping.resolve layout

    /// The weight of each target of a partition that the component made of a layout, in the query stream's loss.
    let targetWeight layout partition item =
        let positions = SequenceLayout.openPositions (withStart layout)
        let targets = Partition.length partition - (Partition.evidence partition).Length

        match item.Weighting with
        | Weighting.InverseShare when targets > 0 -> float positions.Length / float targets
        | Weighting.InverseShare
        | Weighting.Even -> 1.0

    let private printPipeline item =
        [
            if item.Weighting = Weighting.InverseShare then
                "weighted 1/t"

            if item.Context <> EvidenceModel.Start then
                EvidenceModel.print item.Context

            match item.Recipe with
            | Recipe.Template grouping -> Grouping.print grouping
            | Recipe.Expand(order, first, last) -> $"{Order.print order} | expand {string first} {string last}"
        ]
        |> fun stages -> System.String.Join(" | ", stages)

    let internal printWeight ramp =
        if ramp.From = ramp.To then
            Numeral.print ramp.From
        else
            $"{Numeral.print ramp.From} to {Numeral.print ramp.To}"

    /// Text form: weighting, context and recipe as a pipeline, after its weight: `(random | chunks 4)`,
    /// `2 * (gaps 1..3 of 4..40 predicted | bisect | singletons)`, `0 to 1 * (prefix causal | left-to-right | expand 1 4)`,
    /// `(weighted 1/t | scattered bidirectional | all-at-once)`. Weight 1 and the parentheses around it may be left out.
    let print item =
        if item.Weight = { From = 1.0; To = 1.0 } then
            $"({printPipeline item})"
        else
            $"{printWeight item.Weight} * ({printPipeline item})"

    let private weighting =
        Syntax.keyword "weighted" >>. Syntax.symbol "1/t" >>. Syntax.pipe
        >>% Weighting.InverseShare
        <|>% Weighting.Even

    let private recipe =
        let expand order =
            Syntax.keyword "expand" >>. Syntax.atLeast 1 "the first size"
            >>= fun first ->
                Syntax.atLeast first $"the last size, not below %d{first}"
                |>> fun last -> Recipe.Expand(order, first, last)

        Grouping.pipelineOr expand Recipe.Template

    let private weight =
        let number = Syntax.number "of at least 0" (fun weight -> weight >= 0.0) "a weight"

        number .>>. (Syntax.keyword "to" >>. number |>> Some <|>% None)
        .>> Syntax.symbol "*"
        |>> fun (first, last) ->
            {
                From = first
                To = defaultArg last first
            }

    let internal parser =
        let context = EvidenceModel.parser .>> Syntax.pipe <|>% EvidenceModel.Start
        let pipeline = tuple3 weighting context recipe

        let item (weight, (weighting, context, recipe)) =
            let item =
                {
                    Weight = weight
                    Weighting = weighting
                    Context = context
                    Recipe = recipe
                }

            match error item with
            | None -> preturn item
            | Some error -> fail error.Message

        (weight <|>% { From = 1.0; To = 1.0 })
        .>>. (Syntax.parenthesised pipeline <|> pipeline)
        >>= item
