namespace A3.Model

module internal StubWeights =
    let placeholder = ()
