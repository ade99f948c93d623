namespace A3.Model

module internal StubICurriculum =
    let placeholder = ()
