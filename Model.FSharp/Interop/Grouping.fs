namespace A3.Model

module internal StubIGrouping =
    let placeholder = ()
