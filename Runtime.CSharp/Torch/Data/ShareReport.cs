namespace A3.Torch.Data;

/// <summary>Passes on how much of a piece of work is done, once per whole percent.</summary>
internal sealed class ShareReport(string work, IProgress<Preparation>? preparation) : IProgress<double>
{
    private int percent = -1;

    public void Report(double value)
    {
        var now = (int)(100 * Math.Clamp(value, 0, 1));
        if (now > percent)
        {
            percent = now;
            preparation?.Report(new Preparation(work, now / 100.0));
        }
    }
}
