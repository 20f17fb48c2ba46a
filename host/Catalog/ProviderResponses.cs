using System.Text.Json;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Catalog;

/// <summary>A provider in a list.</summary>
internal record ProviderSummary(
    string Id,
    string Name,
    string Version,
    LocalizedText? Description,
    string Category,
    string? IconUrl,
    string? Docs,
    PublisherManifest? Publisher,
    IReadOnlyList<string> Markets,
    IReadOnlyList<string> Currencies,
    IReadOnlyList<string> Languages,
    IReadOnlyList<string> DataResidency,
    string? PricingModel,
    IReadOnlyList<string> Capabilities,
    int OperationCount,
    int EventCount)
{
    public static ProviderSummary Of(LoadedProvider provider)
    {
        var manifest = provider.Manifest;
        return new(
            manifest.Id,
            manifest.Name,
            manifest.Version,
            manifest.Description,
            manifest.Category,
            provider.Icon is null ? null : $"/api/providers/{manifest.Id}/icon",
            manifest.Docs,
            manifest.Publisher,
            manifest.Markets,
            manifest.Currencies,
            manifest.Languages,
            manifest.DataResidency,
            manifest.Pricing?.Model,
            ProviderSearch.CapabilitiesOf(manifest),
            manifest.Operations.Count,
            manifest.Webhooks?.Types.Count ?? 0);
    }
}

/// <summary>Everything a form, a page or a developer needs to use a provider: the summary's members, and these.</summary>
internal sealed record ProviderDetail : ProviderSummary
{
    public ProviderDetail(LoadedProvider provider)
        : base(Of(provider))
    {
        var manifest = provider.Manifest;
        Config = manifest.Config;
        SecretFields = [.. provider.SecretFields.Order(StringComparer.Ordinal)];
        Environments = [.. manifest.Environments.Keys];
        Setup = manifest.Setup;
        Pricing = manifest.Pricing;
        Auth = [.. manifest.Auth.Select(auth => new AuthResponse(auth.Id, auth.Title, auth.Type, auth.Requires, auth.Scopes))];
        Operations = [.. manifest.Operations.Select(pair => OperationResponse.Of(pair.Key, pair.Value))];
        Webhooks = manifest.Webhooks is { } webhooks ? WebhooksResponse.Of(webhooks) : null;
        Tests = [.. manifest.Tests.Select(test => new TestResponse(test.Id, test.Title, test.Operation))];
        Limits = manifest.Limits;
        Network = manifest.Network.Allow;
    }

    /// <summary>JSON schema of a connection's fields, with the hints for forms (<c>title</c>, <c>x-secret</c>, <c>x-placeholder</c>).</summary>
    public JsonElement? Config { get; }

    public IReadOnlyList<string> SecretFields { get; }

    public IReadOnlyList<string> Environments { get; }

    public IReadOnlyList<LocalizedText> Setup { get; }

    public PricingManifest? Pricing { get; }

    public IReadOnlyList<AuthResponse> Auth { get; }

    public IReadOnlyList<OperationResponse> Operations { get; }

    public WebhooksResponse? Webhooks { get; }

    public IReadOnlyList<TestResponse> Tests { get; }

    public LimitsManifest? Limits { get; }

    public IReadOnlyList<string> Network { get; }
}

internal sealed record AuthResponse(string? Id, LocalizedText? Title, AuthType Type, IReadOnlyList<string> Requires, IReadOnlyDictionary<string, LocalizedText> Scopes);

internal sealed record OperationResponse(
    string Name,
    LocalizedText? Title,
    LocalizedText? Description,
    string? Docs,
    IReadOnlyList<string> Scopes,
    JsonElement? Params,
    JsonElement? Result,
    bool StreamsRequest,
    bool StreamsResponse,
    bool Paged,
    string? Capability)
{
    public static OperationResponse Of(string name, OperationManifest operation) => new(
        name,
        operation.Title,
        operation.Description,
        operation.Docs,
        operation.Scopes,
        operation.Params,
        operation.Result,
        operation.Stream.Request,
        operation.Stream.Response,
        operation.Pagination is not null,
        operation.Implements?.Capability);
}

/// <param name="Schemes">How requests are verified.</param>
/// <param name="Events">The types and what each means.</param>
internal sealed record WebhooksResponse(IReadOnlyList<VerifyScheme> Schemes, IReadOnlyDictionary<string, LocalizedText> Events)
{
    public static WebhooksResponse Of(WebhooksManifest webhooks) => new([.. webhooks.Verify.Select(verify => verify.Scheme)], webhooks.Types);
}

internal sealed record TestResponse(string Id, LocalizedText? Title, string Operation);
