using A3.Model;

namespace A3.Torch.Training;

/// <summary>Specifications from their text form, as exceptions of this layer where the text is wrong.</summary>
internal static class Specifications
{
    /// <exception cref="A3.SpecificationException">The text is neither a built-in name nor a curriculum.</exception>
    public static Model.Curriculum Curriculum(string text) => A3.Curriculum.Parse(text).Spec;

    /// <summary>The curriculum laid out over a run, with so many tokens per step on average and per sequence at most.</summary>
    /// <exception cref="RequestException">Its stages or groups are too long for the run.</exception>
    public static Model.TrainingSchedule Schedule(Model.Curriculum curriculum, TrainingOptions options, double tokensPerStep, int context)
    {
        try
        {
            var schedule = new Curriculum(curriculum).Fit(options.Tokens, tokensPerStep, context).Spec;
            var trains = TrainingScheduleModule.stages(schedule).Any(stage => (stage.Item2.Losses.Content?.Value ?? options.ContentWeight) > 0);
            return trains || !options.Distil
                ? schedule
                : throw new RequestException(
                    $"{nameof(options.Distil)} is for the content stream, whose loss has no weight in any stage; write 'content 1' into one, or give {nameof(options.ContentWeight)}.");
        }
        catch (A3Exception error)
        {
            throw new RequestException($"{nameof(options.Curriculum)} = {options.Curriculum}: {error.Message}", error);
        }
    }

    /// <exception cref="A3.SpecificationException">The text is not a grouping.</exception>
    public static Model.Grouping Grouping(string text) => A3.Grouping.Parse(text).Spec;
}
