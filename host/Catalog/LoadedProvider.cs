using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Catalog;

/// <summary>A provider that is ready to serve: manifest, adapter, and what was compiled from the manifest. Immutable; the catalog swaps whole instances.</summary>
internal sealed class LoadedProvider
{
    public required ProviderManifest Manifest { get; init; }

    /// <summary>The manifest file as it was read, for <c>GET …/manifest</c>.</summary>
    public required ReadOnlyMemory<byte> ManifestJson { get; init; }

    public required IProviderAdapter Adapter { get; init; }

    /// <summary>Validates a connection's config.</summary>
    public required SchemaValidator Config { get; init; }

    /// <summary>Validates parameters, by operation, compiled with the first call; operations without a schema are absent.</summary>
    public required IReadOnlyDictionary<string, Lazy<SchemaValidator>> Parameters { get; init; }

    /// <summary><see langword="null"/> when the provider has no webhooks.</summary>
    public WebhookReceiver? Webhooks { get; init; }

    /// <summary>The icon's bytes and media type.</summary>
    public (ReadOnlyMemory<byte> Bytes, string ContentType)? Icon { get; init; }

    /// <summary>The names of config fields marked <c>x-secret</c>.</summary>
    public required IReadOnlySet<string> SecretFields { get; init; }

    /// <summary>Cancelled when its time to finish is over after it was replaced, disabled or removed: calls that still run end then.</summary>
    public CancellationToken Stopping { get; init; }

    public string Id => Manifest.Id;
}
