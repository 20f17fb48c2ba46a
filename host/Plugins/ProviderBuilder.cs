using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Loading;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Plugins;

/// <summary>Compiles what a manifest says once, at the start or with the first call.</summary>
internal sealed class ProviderBuilder(TimeProvider time, IWebhookFetcher? fetcher = null)
{
    private static readonly JsonElement AnyObject = JsonElement.Parse("""{ "type": "object" }""");

    /// <exception cref="PluginLoadException">Something cannot be compiled; every such thing is listed.</exception>
    public LoadedProvider Build(ProviderManifest manifest, ReadOnlyMemory<byte> manifestJson, IProviderAdapter adapter, string folder, List<ValidationIssue> warnings, CancellationToken stopping)
    {
        List<ValidationIssue> errors = [];
        var config = Compile("/config", manifest.Config ?? AnyObject, errors);
        Dictionary<string, Lazy<SchemaValidator>> parameters = new(StringComparer.Ordinal);

        // The manifest's rules have compiled each of these to prove it sound. Of hundreds of operations few are called soon.
        foreach (var (name, operation) in manifest.Operations)
            if (operation.Params is { } schema)
                parameters[name] = new Lazy<SchemaValidator>(() => SchemaValidator.Compile(schema));

        var webhooks = Webhooks(manifest, adapter, errors);
        if (errors.Count > 0)
            throw new PluginLoadException(errors);

        return new LoadedProvider
        {
            Manifest = manifest,
            ManifestJson = manifestJson,
            Adapter = adapter,
            Config = config!,
            Parameters = parameters,
            Webhooks = webhooks,
            Icon = PluginIcon.Read(folder, manifest.Icon, warnings),
            SecretFields = SecretFields(manifest.Config),
            Stopping = stopping,
        };
    }

    private WebhookReceiver? Webhooks(ProviderManifest manifest, IProviderAdapter adapter, List<ValidationIssue> errors)
    {
        if (manifest.Webhooks is not { } webhooks)
            return null;

        var verifier = adapter as IWebhookVerifier;
        if (verifier is null && webhooks.Verify.Any(scheme => scheme.Scheme == VerifyScheme.Custom))
        {
            errors.Add(new("/webhooks/verify", $"The scheme is 'custom', and the plugin's class does not implement {typeof(IWebhookVerifier).FullName}.", "Implement it beside IProviderAdapter."));
            return null;
        }

        try
        {
            return new WebhookReceiver(webhooks, verifier, time, fetcher);
        }
        catch (Exception fault) when (fault is ArgumentException or TemplateException or FormatException)
        {
            errors.Add(new("/webhooks", $"The webhook rules cannot be compiled: {fault.Message}", null));
            return null;
        }
    }

    private static SchemaValidator? Compile(string pointer, JsonElement schema, List<ValidationIssue> errors)
    {
        try
        {
            return SchemaValidator.Compile(schema);
        }
        catch (ArgumentException fault)
        {
            errors.Add(new(pointer, $"The schema cannot be compiled: {fault.Message}", null));
            return null;
        }
    }

    private static HashSet<string> SecretFields(JsonElement? config) =>
        config is { ValueKind: JsonValueKind.Object } schema && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? [.. properties.EnumerateObject().Where(field => IsSecret(field.Value)).Select(field => field.Name)]
            : [];

    private static bool IsSecret(JsonElement field) =>
        field.ValueKind == JsonValueKind.Object && field.TryGetProperty("x-secret", out var secret) && secret.ValueKind == JsonValueKind.True;
}
