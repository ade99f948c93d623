namespace A3.Model

module internal StubObjective =
    let placeholder = ()
