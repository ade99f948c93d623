namespace A3.Model

module internal StubTwoStream =
    let placeholder = ()
