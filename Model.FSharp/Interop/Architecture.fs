namespace A3.Model

module internal StubIArchitecture =
    let placeholder = ()
