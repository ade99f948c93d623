namespace A3.Model

module internal StubIOrder =
    let placeholder = ()
