namespace A3.Cli

open System
open System.IO
open A3

/// Files of pictures and pages that the program draws. Only those that it drew itself are written over.
[<RequireQualifiedAccess>]
module Picture =

    /// How each of them begins: with a comment, or in version 0.1 with the style.
    let private beginnings =
        [
            Svg.signature
            "<style>text{font-family:system-ui,"
            "<style>body{font-family:system-ui,"
        ]

    /// Letters of a file among which its beginning is looked for.
    let private looked = 600

    let private beginning path =
        use reader = new StreamReader(path: string)
        let letters = Array.zeroCreate<char> looked
        let count = reader.ReadBlock(letters, 0, looked)
        String(letters, 0, count)

    let private isOurs path =
        let text = beginning path

        beginnings
        |> List.exists (fun beginning -> text.Contains(beginning, StringComparison.Ordinal))

    /// Refuses the place of a file that is not ours, before anything is drawn. Devices and pipes are written to.
    let requireFree option path =
        let file = FileInfo path

        if file.Exists && file.Length > 0L && not (isOurs path) then
            raise (
                A3Exception
                    $"{option} {Shown.Text path}: holds something else than a picture of a3; name another file, or delete that one."
            )

    /// Writes a picture and says so.
    let save output option path (draw: unit -> string) =
        requireFree option path
        File.WriteAllText(path, draw ())
        output |> Output.note $"drawn in {Shown.Text path}"
