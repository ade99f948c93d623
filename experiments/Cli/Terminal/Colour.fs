namespace A3.Cli

/// Red, green and blue, 0..255 each.
[<Struct>]
type Colour = { Red: int; Green: int; Blue: int }

[<RequireQualifiedAccess>]
module Colour =

    let private gamma linear =
        if linear <= 0.0031308 then
            12.92 * linear
        else
            1.055 * linear ** (1.0 / 2.4) - 0.055

    let private channel linear =
        gamma linear * 255.0 |> round |> int |> min 255 |> max 0

    /// OKLCH (Ottosson 2020): equal lightness looks equally light, whatever the hue (degrees).
    let ofLch lightness chroma hue =
        let a = chroma * cos (hue * System.Math.PI / 180.0)
        let b = chroma * sin (hue * System.Math.PI / 180.0)
        let l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3.0
        let m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3.0
        let s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3.0

        {
            Red = channel (4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
            Green = channel (-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
            Blue = channel (-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
        }

    /// What is given, rather than predicted.
    let given = { Red = 140; Green = 146; Blue = 156 }

    let private along first last share =
        ofLch 0.72 0.14 (first + (last - first) * share)

    /// The colour of step `step` of `steps`: blue is the first, then green and yellow, red the last.
    let ofStep steps step =
        if steps < 2 then
            along 255.0 20.0 0.0
        else
            along 255.0 20.0 (float step / float (steps - 1))

    /// The colour of how sure the model was of a token: green for certain, red from 1 in 1000 on.
    let ofLogProbability (logProbability: float) =
        let surprise = -logProbability / log 1000.0 |> max 0.0 |> min 1.0
        along 145.0 25.0 (sqrt surprise)

    /// As SVG and CSS write it.
    let hex colour =
        $"#{colour.Red:x2}{colour.Green:x2}{colour.Blue:x2}"

    /// Between two colours: the first at share 0, the second at 1.
    let blend share first second =
        let between one other =
            float one + (float other - float one) * share |> round |> int

        {
            Red = between first.Red second.Red
            Green = between first.Green second.Green
            Blue = between first.Blue second.Blue
        }

    /// As terminals are told; what they cannot show, Spectre.Console replaces by the nearest that they can.
    let shown colour =
        Spectre.Console.Color(byte colour.Red, byte colour.Green, byte colour.Blue)
