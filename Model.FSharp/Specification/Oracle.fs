namespace A3.Model

module internal StubOracle =
    let placeholder = ()
