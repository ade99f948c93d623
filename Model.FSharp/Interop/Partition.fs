namespace A3.Model

module internal StubIPartition =
    let placeholder = ()
