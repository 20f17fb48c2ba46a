namespace IntegrationHub.Testing.Contracts;

/// <summary>An answer of a vendor, as a simulator gives it.</summary>
internal sealed record VendorAnswer
{
    public required int Status { get; init; }

    /// <summary>Whether the plugin takes it for a failure, whatever the status says.</summary>
    public bool IsFailure { get; init; }

    public string? ContentType { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }
}
