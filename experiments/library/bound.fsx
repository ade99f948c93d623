// The bound of masked diffusion on -log p of some tokens given others.
#r "../Cli/bin/Release/net10.0/A3.Model.dll"

open A3.Model

/// A Monte Carlo estimate of the mean of -log p over all orders, which is at least -log p (Jensen): hide a uniform number of
/// the n targets, each set of that size equally probable, and take n over their number times the NLL of the hidden ones
/// (Nie et al. 2025, equation 6). The numbers are drawn one from each of `draws` equal parts of 1..n, which leaves the
/// estimate unbiased and makes it vary less.
let estimate draws seed (targets: int[]) (nll: int[] -> float) =
    let count = targets.Length

    let one draw =
        let seed = Seed.derive (int64 draw) seed
        let share = (float draw + Seed.uniform (Seed.derive 0L seed)) / float draws
        let hidden = 1 + int (share * float count)

        Seed.shuffle count (Seed.derive 1L seed)
        |> Array.truncate hidden
        |> Array.map (Array.get targets)
        |> Array.sort
        |> nll
        |> (*) (float count / float hidden)

    List.init draws one |> List.average
