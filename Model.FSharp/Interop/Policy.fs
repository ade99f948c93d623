namespace A3.Model

module internal StubIPolicy =
    let placeholder = ()
