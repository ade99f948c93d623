namespace A3.Model

/// A validated permutation: entry t is the position generated at step t.
type Permutation = private { positions: int[] }

/// Why an array of positions is not a permutation.
[<RequireQualifiedAccess>]
type PermutationError =
    | OutOfRange of step: int * position: int * length: int
    | Repeated of step: int * position: int * firstStep: int

    member error.Message =
        match error with
        | OutOfRange(step, position, length) ->
            $"order[%d{step}] = {string position}, but an order of length %d{length} holds only 0..%d{length - 1}."
        | Repeated(step, position, firstStep) ->
            $"order[%d{step}] = %d{position}, but position %d{position} is already at step %d{firstStep}; each occurs once."

/// Laws: `compose (inverse p) p = identity`; `compose` is associative with `identity` as its unit.
[<RequireQualifiedAccess>]
module Permutation =

    let tryCreate (positions: int[]) =
        let firstStep = Array.create positions.Length -1

        let rec check step =
            if step = positions.Length then
                Ok { positions = Array.copy positions }
            else
                let position = positions[step]

                if position < 0 || position >= positions.Length then
                    Error(PermutationError.OutOfRange(step, position, positions.Length))
                elif firstStep[position] >= 0 then
                    Error(PermutationError.Repeated(step, position, firstStep[position]))
                else
                    firstStep[position] <- step
                    check (step + 1)

        check 0

    /// As `tryCreate`, for positions known to be right; throws with the same message.
    let create positions =
        match tryCreate positions with
        | Ok permutation -> permutation
        | Error error -> invalidArg (nameof positions) error.Message

    let length permutation = permutation.positions.Length

    /// The positions by step; a fresh array.
    let positions permutation = Array.copy permutation.positions

    /// The position generated at a step.
    let positionAt step permutation = permutation.positions[step]

    let identity length = { positions = Array.init length id }

    /// The step of each position: `inverse p` at position i is the step at which i is generated.
    let inverse permutation =
        let steps = Array.zeroCreate permutation.positions.Length

        permutation.positions
        |> Array.iteri (fun step position -> steps[position] <- step)

        { positions = steps }

    /// `compose f g` at t is `f (g t)`; both of one length.
    let compose outer inner =
        if length outer <> length inner then
            invalidArg (nameof inner) $"composing permutations of lengths %d{length outer} and %d{length inner}."

        {
            positions = inner.positions |> Array.map (fun step -> outer.positions[step])
        }

    /// The same positions, last step first.
    let reverse permutation =
        {
            positions = Array.rev permutation.positions
        }
