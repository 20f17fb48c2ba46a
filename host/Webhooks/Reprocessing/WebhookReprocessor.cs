using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Webhooks.Reprocessing;

/// <summary>
/// Makes events of a raw request again, with the plugin as it is now, and says what differs from what is stored. The request is not verified again: that was done before it was kept, and by
/// now its timestamp is too old and its secret may be another. Thread-safe.
/// </summary>
internal sealed class WebhookReprocessor(IEventStore store, IProviderCatalog catalog, IEventPublisher publisher, IPayloadSealer payloads, TimeProvider time) : IDisposable
{
    private const int MaxDifferences = 1000;

    // One at a time: two at once would both find a difference, and both publish it.
    private readonly SemaphoreSlim publishing = new(1);

    /// <exception cref="ProblemException">There is no raw request, it is no longer kept, or the plugin cannot read it.</exception>
    public async Task<ReprocessResult> RunAsync(HubEvent hubEvent, bool dryRun, string correlationId, CancellationToken cancellationToken)
    {
        if (dryRun)
            return await CompareAsync(hubEvent, null, cancellationToken);

        await publishing.WaitAsync(cancellationToken);
        try
        {
            return await CompareAsync(hubEvent, correlationId, cancellationToken);
        }
        finally
        {
            publishing.Release();
        }
    }

    public void Dispose() => publishing.Dispose();

    private async Task<ReprocessResult> CompareAsync(HubEvent asked, string? publishAs, CancellationToken cancellationToken)
    {
        if (asked.RequestId is not { } requestId)
        {
            throw new Problem(StatusCodes.Status404NotFound, "no_raw_request", "There is no raw request",
                "This event did not come in by a webhook: it was published by an application or made by the hub.").ToException();
        }

        if (await store.GetRawAsync(requestId, cancellationToken) is not { } raw || raw.ExpiresAt <= time.GetUtcNow())
            throw Gone().ToException();

        var stored = await store.ListOfRequestAsync(raw, cancellationToken);
        var body = raw.IsBodyWithEvent
            ? stored.FirstOrDefault(one => one.ReprocessOf is null) is { } only ? payloads.Open(only.SealedData.Span, only.Id) : throw Gone().ToException()
            : payloads.Open(raw.SealedBody.Span, raw.Id);
        var request = WebhookRequestReader.Of(payloads.Open(raw.SealedHead.Span, raw.Id), body, raw.ReceivedAt);

        using var lease = catalog.Acquire(asked.Provider);
        if (lease is not { Provider: { Webhooks: { } receiver } provider })
        {
            throw new Problem(StatusCodes.Status409Conflict, "provider_not_loaded", "The provider is not loaded",
                $"There is no plugin for '{asked.Provider}' with webhooks just now; GET /api/plugins says why.").ToException();
        }

        var extraction = receiver.Extract(request);
        if (extraction.Malformed is { } malformed)
        {
            throw new Problem(StatusCodes.Status422UnprocessableEntity, "malformed_body", "The plugin cannot read the request",
                $"Version {provider.Manifest.Version} says: {malformed}").ToException();
        }

        var root = asked.ReprocessOf ?? asked.Id;
        var items = new List<ReprocessedEvent>();
        foreach (var (former, found) in Pair(Newest(stored), extraction.Events))
        {
            if (found is null)
            {
                items.Add(new(ReprocessChange.Removed, former!.Id, former.ProviderEventId, former.Type, [], null));
                continue;
            }

            var type = $"{asked.Provider}.{found.Type}";
            var differences = former is null ? [] : JsonDifference.Between(Shape(former), Shape(found, type), MaxDifferences);
            var change = former is null ? ReprocessChange.Added : differences.Count > 0 ? ReprocessChange.Changed : ReprocessChange.Unchanged;
            string? published = null;
            if (publishAs is not null && (change is ReprocessChange.Added or ReprocessChange.Changed))
                published = await PublishAsync(asked, former?.ReprocessOf ?? former?.Id ?? root, raw, found, type, change, provider, publishAs, cancellationToken);
            items.Add(new(change, former?.Id, found.ProviderEventId, type, differences, published));
        }

        return new ReprocessResult(asked.Id, raw.Id, provider.Id, provider.Manifest.Version, publishAs is null, items);
    }

    private async Task<string?> PublishAsync(
        HubEvent asked, string root, RawRequest raw, ExtractedEvent found, string type, ReprocessChange change, LoadedProvider provider, string correlationId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Ids.New(Ids.Event, now);
        var again = new HubEvent
        {
            Id = id,
            ConnectionId = asked.ConnectionId,
            Provider = asked.Provider,
            Project = asked.Project,
            Environment = asked.Environment,
            Type = type,
            Subject = found.Subject,
            ProviderEventId = found.ProviderEventId,
            Time = found.Time,
            ReceivedAt = now,
            CorrelationId = correlationId,
            RequestId = raw.Id,
            ReprocessOf = root,
            SealedData = payloads.Seal(found.Data.Span, id),
            PlainData = found.Data,
        };
        try
        {
            // What is stored already has the same provider event id and must not count as repeated; what is new here may have come with another request.
            var window = change == ReprocessChange.Changed ? TimeSpan.Zero : provider.Manifest.Webhooks!.DedupeWindow;
            var result = await publisher.PublishAsync(null, [again], window, cancellationToken);
            return result.Stored.Count > 0 ? id : null;
        }
        catch (StoreBusyException)
        {
            throw new Problem(StatusCodes.Status503ServiceUnavailable, "busy", "The hub is busy", "Send it again in a moment.") { RetryAfter = TimeSpan.FromSeconds(1) }.ToException();
        }
    }

    /// <summary>Of each event that came with the request, what was made of it last.</summary>
    private static List<HubEvent> Newest(IReadOnlyList<HubEvent> stored)
    {
        var newest = stored.Where(one => one.ReprocessOf is null).ToList();
        foreach (var again in stored.Where(one => one.ReprocessOf is not null))
        {
            var at = newest.FindIndex(one => (one.ReprocessOf ?? one.Id) == again.ReprocessOf && one.ProviderEventId == again.ProviderEventId);
            if (at < 0)
                at = newest.FindIndex(one => one.Id == again.ReprocessOf && stored.Count(other => other.ReprocessOf is null) == 1);
            if (at < 0)
                newest.Add(again);
            else
                newest[at] = again;
        }

        return newest;
    }

    /// <summary>By the provider's id; what is left, by its place.</summary>
    private static IEnumerable<(HubEvent? Former, ExtractedEvent? Found)> Pair(List<HubEvent> stored, IReadOnlyList<ExtractedEvent> extracted)
    {
        var left = new List<HubEvent>(stored);
        var found = new List<(HubEvent? Former, ExtractedEvent Found)>();
        foreach (var one in extracted)
        {
            var former = left.Find(other => other.ProviderEventId == one.ProviderEventId);
            if (former is not null)
                left.Remove(former);
            found.Add((former, one));
        }

        foreach (var (former, one) in found)
        {
            if (former is not null || left.Count == 0)
            {
                yield return (former, one);
                continue;
            }

            yield return (left[0], one);
            left.RemoveAt(0);
        }

        foreach (var former in left)
            yield return (former, null);
    }

    private JsonElement Shape(HubEvent one) =>
        Shape(one.Type, one.Subject, one.Time, one.ProviderEventId, payloads.Open(one.SealedData.Span, one.Id));

    private static JsonElement Shape(ExtractedEvent one, string type) => Shape(type, one.Subject, one.Time, one.ProviderEventId, one.Data.Span);

    private static JsonElement Shape(string type, string? subject, DateTimeOffset at, string providerEventId, ReadOnlySpan<byte> data) =>
        JsonSerializer.SerializeToElement(new { type, subject, time = at.ToUniversalTime(), providereventid = providerEventId, data = JsonElement.Parse(data) }, HubJson.Options);

    private static Problem Gone() => new(
        StatusCodes.Status410Gone, "raw_request_expired", "The raw request is no longer kept",
        "Raw requests are kept for the time of Hub:Retention:RawBodies. The event itself can be sent again: POST /api/events/{id}/replay.");
}

internal enum ReprocessChange
{
    /// <summary>The plugin makes the same of it as what is stored.</summary>
    Unchanged,

    /// <summary>It makes something else of it.</summary>
    Changed,

    /// <summary>It finds an event that is not stored.</summary>
    Added,

    /// <summary>It does not find an event that is stored.</summary>
    Removed,
}

/// <summary>What the plugin makes of a raw request now, beside what is stored.</summary>
internal sealed record ReprocessResult(string EventId, string RequestId, string Provider, string PluginVersion, bool DryRun, IReadOnlyList<ReprocessedEvent> Events);

/// <summary>One event of the request.</summary>
/// <param name="Change">How it differs.</param>
/// <param name="EventId">The stored event, the newest there is of it.</param>
/// <param name="ProviderEventId">The provider's id of it.</param>
/// <param name="Type">Its type, as the plugin says now.</param>
/// <param name="Differences">Where; pointers into type, subject, time, providereventid and data.</param>
/// <param name="Published">The new event, if one was published.</param>
internal sealed record ReprocessedEvent(
    ReprocessChange Change, string? EventId, string ProviderEventId, string Type, IReadOnlyList<JsonDifference> Differences, string? Published);
