namespace A3.Cli

open System
open System.Security.Cryptography
open System.Text
open System.Text.RegularExpressions

/// What decides the results of a batch beside its rows, each as sixteen hexadecimal digits.
type BatchIdentity =
    {
        /// Of every byte that the model is made of, wherever it lies.
        Model: string
        /// Of what the command line says about every row.
        Options: string
    }

/// The beginning of every result, by which a run that goes on knows what it finds.
[<RequireQualifiedAccess>]
module BatchIdentity =

    /// What the command line says about every row, in sixteen digits.
    let ofOptions (options: string) =
        Convert.ToHexStringLower(ReadOnlySpan(SHA256.HashData(Encoding.UTF8.GetBytes options), 0, 8))

    /// The beginning of the result of a line with that fingerprint; no other result has it.
    let beginning identity line input =
        $"{{\"line\":{line},\"input\":\"{input}\",\"model\":\"{identity.Model}\",\"options\":\"{identity.Options}\""

    let private pattern =
        Regex(
            """^\{"line":(\d{1,10}),"input":"([0-9a-f]{16})"(?:,"model":"([0-9a-f]{16})","options":"([0-9a-f]{16})")?""",
            RegexOptions.CultureInvariant
        )

    /// Why a line that was written is not the result of a line with that fingerprint.
    let difference identity line input (written: string) =
        let found = pattern.Match written
        let field (index: int) = found.Groups[index].Value

        if not found.Success then
            "is no result of a batch"
        elif field 1 <> string line || field 2 <> input then
            $"is not the result of line {line} of the input"
        elif field 3 = "" then
            "does not say which model and options gave it"
        elif field 3 <> identity.Model then
            $"was given by other weights: the model's fingerprint is {identity.Model} now, and was {field 3}"
        else
            "was given by other options"
