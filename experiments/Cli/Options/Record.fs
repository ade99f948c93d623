namespace A3.Cli

open System.Reflection
open Microsoft.FSharp.Quotations
open Microsoft.FSharp.Quotations.Patterns

/// Properties of the library's option records: F# has no `with` for records of C#.
[<RequireQualifiedAccess>]
module Record =

    /// The property that a quotation such as `<@ fun (options: SamplingOptions) -> options.TopK @>` reads.
    let property (access: Expr<'record -> 'value>) =
        match access with
        | Lambda(_, PropertyGet(Some _, property, [])) -> property
        | _ -> invalidArg (nameof access) $"{access}: the reading of one property is expected."

    /// A copy with another value of one property; what its setter throws passes through as it is.
    let withValue (property: PropertyInfo) (value: obj | null) (record: 'record) : 'record =
        let clone = typeof<'record>.GetMethod "<Clone>$" |> nonNull
        let copy = clone.Invoke(record, null)
        property.SetValue(copy, value, BindingFlags.DoNotWrapExceptions, null, null, null)
        unbox<'record> copy
