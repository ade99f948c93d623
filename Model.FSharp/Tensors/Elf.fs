namespace A3.Tensors

open System

/// Reads just enough of a 64-bit little-endian ELF file to mark one required symbol version as weak.
[<RequireQualifiedAccess>]
module internal Elf =

    /// VER_FLG_WEAK: the loader accepts a library whose provider lacks a version that is marked so.
    let private weak = 2us

    let private text (image: byte[]) start =
        let length = Array.IndexOf(image, 0uy, start) - start
        Text.Encoding.ASCII.GetString(image, start, length)

    /// The image with version `wanted` made weak in `.gnu.version_r`, or None where it requires no such version.
    let weaken (wanted: string) (image: byte[]) =
        let u16 at = BitConverter.ToUInt16(image, at)
        let u32 at = int (BitConverter.ToUInt32(image, at))
        let u64 at = int (BitConverter.ToUInt64(image, at))
        let sections = u64 0x28
        let sectionSize = int (u16 0x3A)
        let sectionCount = int (u16 0x3C)
        let header index = sections + index * sectionSize
        let requirements = 0x6ffffffe

        Seq.init sectionCount header
        |> Seq.tryFind (fun at -> u32 (at + 4) = requirements)
        |> Option.bind (fun section ->
            let names = u64 (header (u32 (section + 0x28)) + 0x18)

            let rec chain step at =
                seq {
                    yield at

                    match u32 (at + step) with
                    | 0 -> ()
                    | next -> yield! chain step (at + next)
                }

            chain 12 (u64 (section + 0x18))
            |> Seq.collect (fun library -> chain 12 (library + u32 (library + 8)))
            |> Seq.tryFind (fun version -> text image (names + u32 (version + 8)) = wanted)
            |> Option.map (fun version ->
                let patched = Array.copy image
                BitConverter.GetBytes(u16 (version + 4) ||| weak).CopyTo(patched, version + 4)
                patched))
