namespace A3.Model

/// A part of a specification, and the whole without it or with something else in its place.
type internal Part<'whole> =
    {
        /// The part as a text form says it.
        Text: string
        /// The whole with the part left out.
        Without: 'whole
        /// The whole with others of its kind in the part's place; empty where there are none to try.
        Instead: 'whole list
        /// The parts of the part.
        Inner: Part<'whole> list
        /// The parts beside this one, where it is the other of two that cannot both be left out.
        Else: Part<'whole> list
    }

/// The parts of specifications, outermost first. Numbers are part of what they stand behind, save where a list says one twice.
[<RequireQualifiedAccess>]
module internal Part =

    /// Parts of a part, as parts of the whole.
    let rec map (whole: 'part -> 'whole) (part: Part<'part>) : Part<'whole> =
        {
            Text = part.Text
            Without = whole part.Without
            Instead = List.map whole part.Instead
            Inner = List.map (map whole) part.Inner
            Else = List.map (map whole) part.Else
        }

    let private plain text without =
        {
            Text = text
            Without = without
            Instead = []
            Inner = []
            Else = []
        }

    /// Items of a list that may be there for nothing are looked for in lists of this length at most.
    let private longestList = 16

    /// Each item of a list of several, left out.
    let private items print make (all: 'item list) =
        [
            if all.Length > 1 && all.Length <= longestList then
                for index, item in List.indexed all do
                    plain (print item) (make (List.removeAt index all))
        ]

    let private otherOrders =
        [ Order.RightToLeft; Order.Bisect; Order.Random 5L; Order.Strided 2 ]

    /// An order inside something: without it, left to right.
    let rec private within make order =
        if order = Order.LeftToRight then
            []
        else
            [
                {
                    Text = Order.print order
                    Without = make Order.LeftToRight
                    Instead = otherOrders |> List.map make
                    Inner = ofOrder order |> List.map (map make)
                    Else = []
                }
            ]

    /// An order beside another, which alone is left without it.
    and private beside text other make order =
        {
            Text = text
            Without = other
            Instead = otherOrders |> List.map make
            Inner = ofOrder order |> List.map (map make)
            Else = []
        }

    /// Two parts of which either can be left out: the one that is written behind first.
    and private oneOf first second = [ { second with Else = [ first ] } ]

    /// The parts of an order.
    and ofOrder order : Part<Order> list =
        match order with
        | Order.LeftToRight
        | Order.RightToLeft
        | Order.Random _
        | Order.Strided _
        | Order.Bisect
        | Order.InsideOut _
        | Order.OutsideIn _
        | Order.Staggered _ -> []
        | Order.Explicit steps ->
            List.indexed steps
            |> List.groupBy snd
            |> List.choose (fun (step, places) ->
                List.tryItem 1 places
                |> Option.map (fun (place, _) -> plain (string step) (Order.Explicit(List.removeAt place steps))))
        | Order.Reverse inner -> plain "reverse" inner :: within Order.Reverse inner
        | Order.Blockwise(size, inner) ->
            plain $"blockwise {string size}" inner
            :: within (fun inner -> Order.Blockwise(size, inner)) inner
        | Order.Within(interval, inner) ->
            plain $"within {Interval.print interval}" inner
            :: within (fun inner -> Order.Within(interval, inner)) inner
        | Order.Compose(outer, inner) ->
            oneOf
                (beside (Order.print outer) inner (fun outer -> Order.Compose(outer, inner)) outer)
                (beside (Order.print inner) outer (fun inner -> Order.Compose(outer, inner)) inner)
        | Order.Then(first, rest) ->
            oneOf
                (beside (Order.print first) rest (fun first -> Order.Then(first, rest)) first)
                (beside $"then {Order.print rest}" first (fun rest -> Order.Then(first, rest)) rest)

    /// The parts of a schedule.
    let ofSchedule schedule : Part<SizeSchedule> list =
        match schedule with
        | SizeSchedule.Constant _
        | SizeSchedule.Cosine _ -> []
        | SizeSchedule.Geometric(first, ratio) -> [ plain (Numeral.print ratio) (SizeSchedule.Constant first) ]
        | SizeSchedule.Explicit sizes ->
            match List.rev sizes with
            | last :: (before :: _ as others) when last = before ->
                [ plain (string last) (SizeSchedule.Explicit(List.rev others)) ]
            | _ -> []

    let private ofCut cut : Part<Cut> list =
        match cut with
        | Cut.Singletons
        | Cut.Words
        | Cut.Sentences
        | Cut.AllAtOnce -> []
        | Cut.Sized schedule -> ofSchedule schedule |> List.map (map Cut.Sized)
        | Cut.Spans intervals -> items Interval.print Cut.Spans intervals

    let private otherCuts =
        [
            Cut.AllAtOnce
            Cut.Sized(SizeSchedule.Constant 2)
            Cut.Sized(SizeSchedule.Explicit [ 1; 3 ])
            Cut.Words
        ]

    let private cut order cut =
        let make cut = Grouping.Cut(order, cut)

        // Groups of 1 say what singletons are, and a list of sizes to try begins with them.
        if cut = Cut.Singletons || cut = Cut.Sized(SizeSchedule.Constant 1) then
            []
        else
            [
                {
                    Text = Grouping.printCut cut
                    Without = make Cut.Singletons
                    Instead = otherCuts |> List.map make
                    Inner = ofCut cut |> List.map (map make)
                    Else = []
                }
            ]

    let private otherGroupings =
        [
            Grouping.singletons Order.RightToLeft
            Grouping.chunks 2 Order.Bisect
            Grouping.chunks 3 (Order.Random 5L)
        ]

    /// The parts of a grouping.
    let rec ofGrouping grouping : Part<Grouping> list =
        let inside make inner = ofGrouping inner |> List.map (map make)

        let beside text other make grouping =
            {
                Text = text
                Without = other
                Instead = otherGroupings |> List.map make
                Inner = inside make grouping
                Else = []
            }

        match grouping with
        | Grouping.Cut(order, cut') -> within (fun order -> Grouping.Cut(order, cut')) order @ cut order cut'
        | Grouping.Given(intervals, inner) ->
            let make inner = Grouping.Given(intervals, inner)

            { plain (Grouping.printRegions "given" intervals) inner with
                Inner = items Interval.print (fun intervals -> Grouping.Given(intervals, inner)) intervals
            }
            :: inside make inner
        | Grouping.Then(first, rest) ->
            oneOf
                (beside (Grouping.print first) rest (fun first -> Grouping.Then(first, rest)) first)
                (beside $"then ({Grouping.print rest})" first (fun rest -> Grouping.Then(first, rest)) rest)
        | Grouping.Interleave(left, right) ->
            oneOf
                (beside (Grouping.print left) right (fun left -> Grouping.Interleave(left, right)) left)
                (beside
                    $"interleave ({Grouping.print right})"
                    left
                    (fun right -> Grouping.Interleave(left, right))
                    right)
        | Grouping.Coarsen(factor, inner) ->
            { plain $"coarsen {string factor}" inner with
                Instead = [ 2; 3; 7 ] |> List.map (fun factor -> Grouping.Coarsen(factor, inner))
            }
            :: inside (fun inner -> Grouping.Coarsen(factor, inner)) inner
        | Grouping.Refine(finer, inner) ->
            oneOf
                (beside (Grouping.print inner) finer (fun inner -> Grouping.Refine(finer, inner)) inner)
                (beside $"refine ({Grouping.print finer})" inner (fun finer -> Grouping.Refine(finer, inner)) finer)

    let private amounts =
        [
            Amount.Constant 3
            Amount.Threshold 0.5
            Amount.Scheduled(SizeSchedule.Explicit [ 1; 4 ])
        ]

    let private criteria =
        [
            Criterion.Confidence
            Criterion.Entropy
            Criterion.Margin
            Criterion.Random
            Criterion.Leftmost
        ]

    /// The parts of a policy. A window bounds what a step costs besides what it commits, so it is never there for nothing.
    let ofPolicy policy : Part<Policy> list =
        match policy with
        | Policy.Fixed grouping -> ofGrouping grouping |> List.map (map Policy.Fixed)
        | Policy.Adaptive(criterion, amount, window) ->
            let choosing criterion =
                Policy.Adaptive(criterion, amount, window)

            let committing amount =
                Policy.Adaptive(criterion, amount, window)

            [
                if criterion <> Criterion.Leftmost then
                    { plain (Policy.printCriterion criterion) (choosing Criterion.Leftmost) with
                        Instead = criteria |> List.map choosing
                    }

                if amount <> Amount.Constant 1 then
                    { plain (Policy.printAmount amount) (committing (Amount.Constant 1)) with
                        Instead = amounts |> List.map committing
                        Inner =
                            match amount with
                            | Amount.Scheduled schedule ->
                                ofSchedule schedule |> List.map (map (Amount.Scheduled >> committing))
                            | Amount.Constant _
                            | Amount.Threshold _ -> []
                    }
            ]

    /// The parts of a mixture component of a curriculum, its weight aside.
    let ofComponent (item: MixtureComponent) : Part<MixtureComponent> list =
        let recipe recipe = { item with Recipe = recipe }

        [
            if item.Weighting <> Weighting.Even then
                plain "weighted 1/t" { item with Weighting = Weighting.Even }

            if item.Context <> EvidenceModel.Start then
                plain
                    (EvidenceModel.print item.Context)
                    { item with
                        Context = EvidenceModel.Start
                    }

            match item.Recipe with
            | Recipe.Template grouping -> yield! ofGrouping grouping |> List.map (map (Recipe.Template >> recipe))
            | Recipe.Expand(order, first, last) ->
                yield! within (fun order -> recipe (Recipe.Expand(order, first, last))) order

                plain $"expand {string first} {string last}" (recipe (Recipe.Template(Grouping.chunks first order)))
        ]

    /// The parts of two wholes of one form side by side: texts of the one, and of both what is left.
    let rec zip (one: Part<'whole>) (other: Part<'whole>) : Part<'whole * 'whole> =
        {
            Text = one.Text
            Without = one.Without, other.Without
            Instead = List.zip one.Instead other.Instead
            Inner = List.map2 zip one.Inner other.Inner
            Else = List.map2 zip one.Else other.Else
        }

    /// How many parts there are, those of parts included.
    let rec count parts =
        parts |> List.sumBy (fun part -> 1 + count part.Inner + count part.Else)
