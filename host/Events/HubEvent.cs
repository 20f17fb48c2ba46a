namespace IntegrationHub.Host.Events;

/// <summary>An event as it is kept. Its data is sealed; everything here that is not is what lists filter by.</summary>
internal sealed record HubEvent
{
    public required string Id { get; init; }

    /// <summary><see langword="null"/> for events that an application published or the hub made.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The provider's id, <c>app</c> for published events, <c>hub</c> for the hub's own.</summary>
    public required string Provider { get; init; }

    public required string Project { get; init; }

    public required string Environment { get; init; }

    /// <summary>The CloudEvents type: the provider's id, a dot, the provider's type.</summary>
    public required string Type { get; init; }

    public string? Subject { get; init; }

    /// <summary>The provider's own id of the event; what repetitions are recognised by.</summary>
    public required string ProviderEventId { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Time { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>The id of the raw request it came in; <see langword="null"/> when there was none.</summary>
    public string? RequestId { get; init; }

    /// <summary>The event whose raw request this one was made of again, by a newer form of the plugin; <see langword="null"/> for what came in by itself.</summary>
    public string? ReprocessOf { get; init; }

    /// <summary>The payload: UTF-8 JSON, sealed with the event's id as context. Empty in lists.</summary>
    public ReadOnlyMemory<byte> SealedData { get; init; }

    /// <summary>The payload in the clear, while the event is being published and only then: what subscriptions' filters look at. Never stored.</summary>
    public ReadOnlyMemory<byte> PlainData { get; init; }
}

/// <summary>A raw inbound request, sealed: headers and body as they came, so that it can be replayed and examined.</summary>
internal sealed record RawRequest
{
    /// <summary><c>req_…</c></summary>
    public required string Id { get; init; }

    public required string ConnectionId { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When it is deleted.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>JSON of method, url and headers, sealed with the id as context.</summary>
    public required ReadOnlyMemory<byte> SealedHead { get; init; }

    /// <summary>The body, sealed with the id as context. Empty when the body is, byte for byte, the data of the one event it brought: then that is kept once, with the event.</summary>
    public required ReadOnlyMemory<byte> SealedBody { get; init; }

    /// <summary>Whether the body is the data of the event that came with it.</summary>
    public bool IsBodyWithEvent => SealedBody.IsEmpty;
}
