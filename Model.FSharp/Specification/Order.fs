namespace A3.Model

module internal StubOrder =
    let placeholder = ()
