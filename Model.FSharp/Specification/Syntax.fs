namespace A3.Model

module internal StubSyntax =
    let placeholder = ()
