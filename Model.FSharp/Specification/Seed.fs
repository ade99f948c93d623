namespace A3.Model

/// A source of randomness as a value: the same seed gives the same numbers on every machine and in every version.
[<Struct>]
type Seed = private Seed of uint64

/// Counter-based randomness (splitmix64, Steele et al. 2014): every draw is a pure function of its seed, so a draw can
/// be named by what it is for (run, step, row) and repeated without replaying the draws before it.
[<RequireQualifiedAccess>]
module Seed =

    let private golden = 0x9E3779B97F4A7C15UL

    let private mix z =
        let z = (z ^^^ (z >>> 30)) * 0xBF58476D1CE4E5B9UL
        let z = (z ^^^ (z >>> 27)) * 0x94D049BB133111EBUL
        z ^^^ (z >>> 31)

    /// The seed a person writes as a number.
    let ofInt64 (value: int64) = Seed(mix (uint64 value + golden))

    let ofInt (value: int) = ofInt64 (int64 value)

    /// An independent seed for a purpose: `derive 3 seed` and `derive 4 seed` share nothing.
    let derive (purpose: int64) (Seed state) =
        Seed(mix (state ^^^ mix (uint64 purpose * golden + 1UL)))

    /// 64 uniform bits.
    let bits (Seed state) = mix (state + golden)

    /// Uniform in [0, 1), with 53 bits.
    let uniform seed =
        float (bits seed >>> 11) * (1.0 / 9007199254740992.0)

    /// Uniform in 0..count-1.
    let below (count: int) seed =
        int (System.Math.BigMul(bits seed, uint64 count, ref 0UL))

    /// A uniform permutation of 0..count-1 (Fisher and Yates), as an array.
    let shuffle count seed =
        let items = Array.init count id

        for i in count - 1 .. -1 .. 1 do
            let j = below (i + 1) (derive (int64 i) seed)
            let held = items[i]
            items[i] <- items[j]
            items[j] <- held

        items
