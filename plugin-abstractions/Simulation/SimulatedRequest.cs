namespace IntegrationHub.Simulation;

/// <summary>A request that a simulated provider got. Immutable.</summary>
public sealed record SimulatedRequest
{
    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The path below the provider's base address, percent-encoded as sent, with its leading slash.</summary>
    public required string Path { get; init; }

    /// <summary>The query as sent, with or without its leading <c>?</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>The body's media type, with its parameters.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body's bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }
}
