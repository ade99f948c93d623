namespace A3.Model

module internal StubPolicy =
    let placeholder = ()
