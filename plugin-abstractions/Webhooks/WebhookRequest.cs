namespace IntegrationHub.Webhooks;

/// <summary>An inbound request as it arrived. Immutable; the body's memory belongs to the host and is valid only during the call that gets it.</summary>
public sealed class WebhookRequest
{
    /// <summary>The method in upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The address the provider called, as it knows it: scheme, host, path and query, honouring the hub's configured public address.</summary>
    public required string Url { get; init; }

    /// <summary>The path, percent-encoded as sent.</summary>
    public required string Path { get; init; }

    /// <summary>The query with its leading <c>?</c>, as sent; empty when there is none.</summary>
    public string QueryString { get; init; } = "";

    /// <summary>The headers. A name that came more than once has several values, in order. Names compare without case.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; }

    /// <summary>The raw bytes.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>When it arrived (UTC).</summary>
    public required DateTimeOffset ReceivedAt { get; init; }
}
