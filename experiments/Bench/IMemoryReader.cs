namespace A3.Bench;

/// <summary>How fast a device reads memory that no cache holds.</summary>
internal interface IMemoryReader
{
    /// <summary>Bytes per second of one walk over the memory.</summary>
    double Measure();
}
