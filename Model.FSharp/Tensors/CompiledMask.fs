namespace A3.Model

module internal StubCompiledMask =
    let placeholder = ()
