// Numbers that the command line of a script says: one line and exit code 2 for what is none.
open System.Globalization

let private refuse name rule text : 'number =
    eprintfn "%s \"%s\": expected %s." name text rule
    exit 2

/// A whole number from `lowest` up; `name` is what the usage calls the argument.
let whole name (lowest: int64) (text: string) =
    match System.Int64.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
    | true, number when number >= lowest && number <= int64 System.Int32.MaxValue -> number
    | _ -> refuse name $"a whole number of at least %d{lowest}" text

/// The same as a number of items.
let count name text = int (whole name 1L text)

/// A number of at least 0, with a point before its fraction.
let real name (text: string) =
    match System.Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture) with
    | true, number when number >= 0.0 && System.Double.IsFinite number -> number
    | _ -> refuse name "a number of at least 0, such as 0.5" text
