namespace IntegrationHub.Host.Insights;

/// <summary>What the hub tells of itself, as events that can be subscribed to (<c>hub.connection.failing</c>). Thread-safe.</summary>
internal interface IHubEvents
{
    /// <summary>
    /// Publishes; completes when the event is durable. A store that takes nothing for the moment is logged and the event dropped: telling of a fault must not become one. A notice with a
    /// <see cref="HubNotice.Key"/> is not dropped: whoever gives it one tells again.
    /// </summary>
    Task PublishAsync(HubNotice notice, CancellationToken cancellationToken);
}

/// <summary>One thing the hub has to tell.</summary>
internal sealed record HubNotice
{
    /// <summary>In the past and dotted, without the leading <c>hub.</c>: <c>connection.reauthorization_required</c>.</summary>
    public required string Type { get; init; }

    public required string Project { get; init; }

    public required string Environment { get; init; }

    /// <summary>The id of what it is about.</summary>
    public string? Subject { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>Told twice with the same key within an hour, it is one event, and a telling that fails throws. <see langword="null"/> when each telling is one.</summary>
    public string? Key { get; init; }

    /// <summary>What else there is to say: becomes a JSON object. Never a secret.</summary>
    public required object Data { get; init; }
}
