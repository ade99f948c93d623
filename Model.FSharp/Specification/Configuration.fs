namespace A3.Model

module internal StubConfiguration =
    let placeholder = ()
