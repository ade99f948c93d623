namespace A3;

/// <summary>How weights move along their gradient.</summary>
public enum Optimizer
{
    /// <summary>AdamW (Loshchilov and Hutter 2019) for all of them.</summary>
    AdamW,

    /// <summary>Muon (Jordan et al. 2024) for the blocks' matrices, AdamW for the others.</summary>
    Muon,
}
