namespace A3.Model

module internal StubGrouping =
    let placeholder = ()
