namespace A3.Model

open System
open Microsoft.FSharp.Reflection

/// A part of a specification that stands there for nothing.
type Redundancy =
    {
        /// Where it stands in a longer form, such as `stage 0, draw 1: `; empty in others.
        Place: string
        /// As the text form says it.
        Part: string
        /// How the sentence goes on.
        Reason: string
        /// Whether nothing else in its place would have an effect either.
        IsIgnored: bool
    }

    /// One sentence.
    member redundancy.Message =
        $"{redundancy.Place}'{A3.Shown.Text redundancy.Part}' {redundancy.Reason}"

/// What stands in a specification for nothing. Decided by trying: the whole and the whole without a part are compared on
/// sequences of many lengths, with and without words, and where both mean the same on all of them the part is redundant. Large
/// numbers are drawn together first, keeping their order and what is next to what, so that short sequences show their effect.
[<RequireQualifiedAccess>]
module Redundancy =

    /// A form of more parts is not looked into, nor one whose numbers stay large when drawn together.
    let private mostParts = 200

    let private longest = 400

    /// Positions of all sequences that are tried, times the parts of the form: some tenths of a second at most. What has not
    /// been tried by then is taken to have an effect.
    let private effort = 1500000L

    let private neutral place part =
        {
            Place = place
            Part = part
            Reason = "changes nothing: without it the meaning is the same."
            IsIgnored = false
        }

    let private ignored place part =
        {
            Place = place
            Part = part
            Reason = "has no effect, and nothing in its place would have one; leave it out."
            IsIgnored = true
        }

    let private because reason redundancy = { redundancy with Reason = reason }

    // Numbers of a form.

    let rec private numbers (kind: Type) (value: obj | null) : int seq =
        match value with
        | :? int as number -> Seq.singleton number
        | :? (int list) as numbers -> numbers
        | :? (Interval list) as intervals ->
            intervals |> Seq.collect (fun interval -> [ interval.Start; interval.End - 1 ])
        | NonNull value when FSharpType.IsUnion kind ->
            let case, fields = FSharpValue.GetUnionFields(value, kind)

            Seq.map2 (fun (field: Reflection.PropertyInfo) -> numbers field.PropertyType) (case.GetFields()) fields
            |> Seq.concat
        | NonNull value when FSharpType.IsRecord kind ->
            FSharpType.GetRecordFields kind
            |> Seq.collect (fun field -> numbers field.PropertyType (field.GetValue value))
        | _ -> Seq.empty

    let rec private mapNumbers (change: int -> int) (kind: Type) (value: obj | null) : obj | null =
        match value with
        | :? int as number -> box (change number)
        | :? (int list) as numbers -> box (List.map change numbers)
        | :? (Interval list) as intervals ->
            intervals
            |> List.map (fun interval -> Interval.between (change interval.Start) (change (interval.End - 1)))
            |> box
        | NonNull value when FSharpType.IsUnion kind ->
            let case, fields = FSharpValue.GetUnionFields(value, kind)

            let fields =
                Array.map2
                    (fun (field: Reflection.PropertyInfo) -> mapNumbers change field.PropertyType)
                    (case.GetFields())
                    fields

            FSharpValue.MakeUnion(case, fields)
        | NonNull value when FSharpType.IsRecord kind ->
            let fields =
                FSharpType.GetRecordFields kind
                |> Array.map (fun field -> mapNumbers change field.PropertyType (field.GetValue value))

            FSharpValue.MakeRecord(kind, fields)
        | _ -> value

    let private numbersOf (form: 'form) =
        numbers typeof<'form> (box form) |> Seq.distinct |> Seq.sort |> List.ofSeq

    /// Up to here numbers stay as they are, and larger ones keep this distance at most.
    let private near, private apart = 30, 12

    /// What each number becomes.
    let private together numbers =
        ((0, 0, Map.empty), numbers)
        ||> List.fold (fun (before, becameBefore, map) number ->
            let became =
                if number <= near then
                    number
                else
                    // 64 bits, because a number may be the largest of 32.
                    int64 number
                    |> min (int64 (max becameBefore near) + min (int64 number - int64 before) (int64 apart))
                    |> int

            number, became, Map.add number became map)
        |> fun (_, _, map) -> map

    // Sequences that tell forms apart, those first that tell most.

    let private lengths numbers =
        [
            yield! [ 13; 24; 7; 3; 33 ]
            yield! [ 1..20 ]
            yield! [ 47; 64; 95; 128; 200 ]

            for number in numbers do
                yield! [ number - 1 .. number + 2 ]
                // Far enough for the turns of an order, also of one of words or sentences.
                yield! [ 2 * number; 2 * number + 1; 3 * number + 1; 4 * number + 3; 8 * number + 5 ]

            for one in List.truncate 12 numbers do
                for other in List.truncate 12 numbers do
                    yield! [ one * other; one * other + 1 ]
        ]
        |> List.filter (fun length -> length >= 1 && length <= longest)
        |> List.distinct

    let private starts seed share length =
        [|
            for position in 0 .. length - 1 do
                if Seed.uniform (Seed.derive (int64 position) seed) < share then
                    position
        |]

    /// A sequence of words and sentences that take so many positions as these shares of starts say.
    let private text words sentences length =
        let seed = Seed.ofInt length

        { SequenceLayout.ofLength length with
            WordStarts = starts (Seed.derive 0L seed) words length
            SentenceStarts = starts (Seed.derive 1L seed) sentences length
        }

    let private shortWords = text 0.7 0.3

    /// Sequences of a length: with words and sentences of every kind, and with given positions.
    let private layouts length =
        [
            shortWords length
            text 0.4 0.1 length
            text 0.15 0.03 length
            shortWords length |> SequenceLayout.given [ 0; length / 2 ]
        ]

    let private mapOf (numbers: Map<int, int>) number =
        Map.tryFind number numbers |> Option.defaultValue number

    let private item numbers (form: 'form) =
        let change = mapOf numbers

        match mapNumbers change typeof<'form> (box form) with
        | :? 'form as drawn -> drawn
        | _ -> form

    /// The redundant parts; `same` says whether two forms mean the same on sequences of a length.
    let private find (effort: int64 ref) parts (same: int -> 'form -> 'form -> bool) (form: 'form) =
        let numbers = numbersOf form
        let small = item (together numbers) form
        let smallNumbers = numbersOf small
        let largest = List.fold max 1 numbers
        let all: Part<'form> list = parts form
        let count = Part.count all

        let isSameAt one other length =
            effort.Value <- effort.Value - int64 length * int64 (count + 1)
            effort.Value > 0L && same length one other

        let isSame (given, other) =
            lengths smallNumbers |> List.forall (isSameAt small other)
            && (largest > 4096
                || small = form
                || [ largest + 1; 2 * largest + 1 ] |> List.forall (isSameAt form given))

        let rec search place part =
            let inner () = List.collect (search place) part.Inner

            if isSame part.Without then
                let isIgnored = not part.Instead.IsEmpty && List.forall isSame part.Instead

                if isIgnored then
                    [ ignored place part.Text ]
                else
                    neutral place part.Text :: inner ()
            else
                inner () @ List.collect (search place) part.Else

        if count > mostParts || List.fold max 0 smallNumbers >= longest / 2 then
            fun _ -> []
        else
            let zipped = List.map2 Part.zip all (parts small)
            fun place -> List.collect (search place) zipped

    let private sameGroups length one other =
        layouts length
        |> List.forall (fun layout -> Grouping.resolve layout one = Grouping.resolve layout other)

    /// The redundant parts of a grouping.
    let ofGrouping grouping =
        find (ref effort) Part.ofGrouping sameGroups grouping ""

    /// Those that are redundant for one shape, whatever they are for others.
    let ofGroupingAt layout grouping =
        let meaning = Grouping.resolve layout grouping

        let rec search part =
            if Grouping.resolve layout part.Without = meaning then
                [ neutral "" part.Text ]
            else
                List.collect search (part.Inner @ part.Else)

        let parts = Part.ofGrouping grouping

        if Part.count parts > mostParts then
            []
        else
            List.collect search parts

    // Adaptive policies.

    /// What a forward pass may say of a position.
    let private score seed position =
        let uniform purpose =
            Seed.uniform (Seed.derive purpose (Seed.derive (int64 position) seed))

        let confidence = if uniform 0L < 0.2 then 1.0 else uniform 1L

        {
            Position = position
            Confidence = confidence
            Entropy = if confidence = 1.0 then 0.0 else 4.0 * uniform 2L
            Margin = confidence * uniform 3L
        }

    /// The positions of each step, from first to last.
    let private steps seed length criterion amount window =
        let choose (openPositions: int[], index) =
            if openPositions.Length = 0 then
                None
            else
                let step =
                    {
                        Seed = seed
                        Index = index
                        Total = length
                    }

                let chosen =
                    Policy.candidates window openPositions
                    |> Array.map (score (Seed.derive (int64 index) seed))
                    |> Policy.choose criterion amount step

                Some(chosen, (Array.except chosen openPositions, index + 1))

        List.unfold choose (Array.init length id, 0)

    let private samePolicy length one other =
        match one, other with
        | Policy.Fixed one, Policy.Fixed other -> sameGroups length one other
        | Policy.Adaptive(criterion, amount, window), Policy.Adaptive(criterion', amount', window') ->
            length > 40
            || [ 1; 2; 3 ]
               |> List.forall (fun seed ->
                   let steps = steps (Seed.ofInt seed) length
                   steps criterion amount window = steps criterion' amount' window')
        | _ -> false

    /// The redundant parts of a policy.
    let ofPolicy policy =
        match policy with
        | Policy.Fixed grouping -> ofGrouping grouping
        | Policy.Adaptive _ -> find (ref effort) Part.ofPolicy samePolicy policy ""

    // Curricula.

    let private moments = List.allPairs [ 0.0; 0.999 ] ([ 1..4 ] |> List.map Seed.ofInt)

    let private sameDraws length one other =
        let layout = shortWords length

        length > 100
        || moments
           |> List.forall (fun (progress, seed) ->
               let partition = MixtureComponent.partition seed progress layout one

               partition = MixtureComponent.partition seed progress layout other
               && MixtureComponent.targetWeight layout partition one =
                   MixtureComponent.targetWeight layout partition other)

    /// Whether the content stream has a causal loss in a mixture component: the second position of its sequences may be the second group.
    let private isCausal item =
        List.allPairs [ 24; 41; 64 ] moments
        |> List.exists (fun (length, (progress, seed)) ->
            MixtureComponent.partition seed progress (shortWords length) item
            |> Partition.causalPrefix
            |> fun prefix -> prefix > 1)

    let private ofMixture effort place mixture =
        let contents (item: MixtureComponent) =
            item.Weighting, item.Context, item.Recipe

        [
            match mixture with
            | [ item ] when item.Weight <> { From = 1.0; To = 1.0 } ->
                neutral place (MixtureComponent.printWeight item.Weight)
            | _ -> ()

            for index, item in List.indexed mixture do
                let place = $"{place}component %d{index}: "
                yield! find effort Part.ofComponent sameDraws item place

                match
                    mixture
                    |> List.truncate index
                    |> List.tryFindIndex (fun other -> contents other = contents item)
                with
                | Some earlier ->
                    neutral place (MixtureComponent.print item)
                    |> because $"says the same as component %d{earlier}; add their weights."
                | None -> ()
        ]

    let private ofLosses place (stage: Stage) =
        let causal = stage.Mixture |> List.map isCausal

        [
            match stage.Losses.Content with
            | Some content when content > 0.0 && not (List.contains true causal) ->
                ignored place $"content {Numeral.print content}"
                |> because
                    "has no effect: the content stream's loss needs a component that begins with singletons left to right."
            | Some _ when stage.Losses.Query = 0.0 ->
                for item, isCausal in List.zip stage.Mixture causal do
                    if not isCausal then
                        ignored place (MixtureComponent.print item)
                        |> because
                            "trains nothing: beside query 0 only components that begin with singletons left to right do."
            | Some _
            | None -> ()
        ]

    /// Whether every moment of a stage is like any other.
    let private isConstant (stage: Stage) =
        stage.Mixture
        |> List.forall (fun item ->
            item.Weight.From = item.Weight.To
            && match item.Recipe with
               | Recipe.Expand(_, first, last) -> first = last
               | Recipe.Template _ -> true)

    /// The redundant parts of a curriculum.
    let ofCurriculum curriculum =
        let stages = Curriculum.stages curriculum
        let effort = ref (effort / int64 moments.Length)

        [
            for index, stage in List.indexed stages do
                let place = $"stage %d{index}: "
                yield! ofMixture effort place stage.Mixture
                yield! ofLosses place stage

            for index, (before, stage) in List.indexed (List.pairwise stages) do
                if
                    isConstant stage
                    && before.Mixture = stage.Mixture
                    && before.Losses = stage.Losses
                then
                    neutral $"stage %d{index + 1}: " (Stage.print stage)
                    |> because "says the same as the stage before it; make that one longer."
        ]
