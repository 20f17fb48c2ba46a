using IntegrationHub.Manifests.Json;

namespace IntegrationHub.Manifests.Rules;

/// <summary>Lengths of time make sense together.</summary>
internal sealed class TimingRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        var retry = draft.Root["retry"];
        var presets = new RetryManifest();
        if (retry.IsObject && Length(retry["baseDelay"], presets.BaseDelay) > Length(retry["maxDelay"], presets.MaxDelay))
            findings.Error(retry["maxDelay"].Pointer, "The longest delay is shorter than the first.", "Make maxDelay at least baseDelay.");

        if (retry.IsObject && Length(retry["attemptTimeout"], presets.AttemptTimeout) > Length(retry["totalTimeout"], presets.TotalTimeout))
            findings.Error(retry["totalTimeout"].Pointer, "The time for all attempts is shorter than that for one.", "Make totalTimeout at least attemptTimeout.");

        foreach (var place in (Place[])[retry["attemptTimeout"], retry["totalTimeout"], draft.Root["breaker"]["breakFor"], .. draft.Operations.Select(operation => operation.Place["timeout"])])
            if (place.Exists && Length(place, TimeSpan.MaxValue) <= TimeSpan.Zero)
                findings.Error(place.Pointer, "This length of time is zero.", "Make it longer, or leave it out.");

        foreach (var scheme in draft.Root["webhooks"]["verify"].OneOrMany())
            if (Length(scheme["tolerance"], TimeSpan.FromSeconds(1)) is var tolerance && (tolerance <= TimeSpan.Zero || tolerance > TimeSpan.FromDays(7)))
                findings.Error(scheme["tolerance"].Pointer, "A tolerance is more than zero and at most a week.", "Five minutes are usual: \"5m\". Longer ones are for providers that repeat a webhook with its first timestamp.");
    }

    private static TimeSpan Length(Place place, TimeSpan preset) => place.Text is { } text && DurationConverter.TryParse(text, out var length) ? length : preset;
}
