namespace A3.Model

module internal StubFactorization =
    let placeholder = ()
