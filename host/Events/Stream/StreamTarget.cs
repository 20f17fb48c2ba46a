using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Events.Stream;

/// <summary>
/// Events that are fetched instead of sent: pattern, filter and template are kept here, the place is the reader's. Such a subscription makes no deliveries, so nothing of it waits, fails or
/// dies; whoever reads <c>/api/subscriptions/{id}/stream</c> goes on where they were, as long as events are kept. Thread-safe.
/// </summary>
internal sealed class StreamTarget : IDeliveryTarget
{
    public const string KindName = "stream";

    public string Kind => KindName;

    public IEnumerable<ValidationIssue> Check(Subscription subscription)
    {
        if (subscription.Url.Length > 0)
            yield return new("/target/url", "A stream has no address: it is read.", "Leave it out, and read GET /api/subscriptions/{id}/stream.");
        if (subscription.Settings.Target is { } target)
            foreach (var member in target.EnumerateObject())
                yield return new("/target/" + Http.RequestBody.Escape(member.Name), "A stream needs nothing but its kind.", "Leave it out.");
        if (subscription.Settings.OrderBy is not null)
            yield return new("/orderBy", "A stream is in order as it is.", "Leave it out.");
        if (subscription.Settings.Headers is not null)
            yield return new("/headers", "Nothing is sent to a stream.", "Leave them out.");
    }

    public string Describe(Subscription subscription) => "";

    public Task<TargetAnswer> SendAsync(TargetDelivery delivery, CancellationToken cancellationToken) => Task.FromResult(new TargetAnswer
    {
        Outcome = DeliveryOutcomes.Refused,
        Error = $"Nothing is sent to a stream. Read it: GET /api/subscriptions/{delivery.Subscription.Id}/stream.",
        IsFinal = true,
    });
}
