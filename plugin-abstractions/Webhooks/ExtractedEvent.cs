namespace IntegrationHub.Webhooks;

/// <summary>One event found in a webhook request.</summary>
public sealed record ExtractedEvent
{
    /// <summary>The provider's id, or <c>sha256:…</c> of the raw element when it has none.</summary>
    public required string ProviderEventId { get; init; }

    /// <summary>The provider's type (<c>payment_intent.succeeded</c>), without the provider's id in front.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened, by the provider's word, or when it arrived.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What it is about.</summary>
    public string? Subject { get; init; }

    /// <summary>The payload as UTF-8 JSON. May share memory with the request's body: valid as long as that is.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }
}

/// <summary>What a webhook request contains. Either <see cref="Events"/> or a refusal.</summary>
public sealed record ExtractionResult
{
    /// <summary>The events, in order. May be empty (an empty batch).</summary>
    public IReadOnlyList<ExtractedEvent> Events { get; init; } = [];

    /// <summary>Why the body could not be read (not JSON, no form, an array expected); <see langword="null"/> when it could.</summary>
    public string? Malformed { get; init; }
}

/// <summary>The answer to a handshake.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
/// <param name="ContentType">Its media type.</param>
public sealed record ChallengeResponse(int Status, string Body, string ContentType)
{
    /// <summary>What must be visited (GET, answered with 2xx) before this is the answer: the manifest's <c>visit</c>, held against its hosts. <see langword="null"/> when nothing must.</summary>
    public Uri? Visit { get; init; }
}
