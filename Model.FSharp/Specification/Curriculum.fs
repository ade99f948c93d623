namespace A3.Model

module internal StubCurriculum =
    let placeholder = ()
