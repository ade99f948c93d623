namespace A3.Model

module internal StubNative =
    let placeholder = ()
