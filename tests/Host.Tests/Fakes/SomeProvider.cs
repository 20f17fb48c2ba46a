using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Loaded providers, made of manifests without the plugin runtime. Their adapters run nothing.</summary>
internal static class SomeProvider
{
    public static readonly string TestKey = "sk_" + "test_" + "abcdefgh1234";
    public static readonly string LiveKey = "sk_" + "live_" + "abcdefgh1234";

    private static readonly JsonElement CardsConfig = JsonElement.Parse("""
        {
          "type": "object", "required": ["secretKey"], "additionalProperties": false,
          "properties": {
            "secretKey": { "type": "string", "minLength": 4, "x-secret": true, "x-env": "CARDS_KEY" },
            "webhookSecret": { "type": "string", "x-secret": true },
            "region": { "type": "string", "enum": ["eu", "us"] },
            "retries": { "type": "integer", "x-env": "CARDS_RETRIES" },
            "apiVersion": { "type": "string", "default": "2024-06-20" }
          }
        }
        """u8);

    private static readonly JsonElement IndexConfig = JsonElement.Parse("""
        {
          "type": "object", "additionalProperties": false,
          "properties": {
            "url": { "type": "string" },
            "user": { "type": "string" },
            "password": { "type": "string", "x-secret": true },
            "token": { "type": "string", "x-secret": true }
          }
        }
        """u8);

    /// <summary>Secret key, webhooks, two environments, one of which wants test keys.</summary>
    public static LoadedProvider Cards() => Load(
        new ProviderManifest
        {
            ManifestVersion = 1,
            Id = "cards",
            Name = "Cards",
            Version = "1.0.0",
            Category = "payment",
            Config = CardsConfig,
            Environments = new Dictionary<string, EnvironmentManifest>
            {
                ["prod"] = new() { BaseUrl = "https://api.cards.example/", Values = new Dictionary<string, string> { ["tier"] = "live" } },
                ["dev"] = new() { BaseUrl = "https://api.cards.example", Require = new Dictionary<string, string> { ["secretKey"] = "_test_" } },
            },
            Auth = [new AuthManifest { Type = AuthType.Bearer, Token = "{config.secretKey}" }],
            Webhooks = new WebhooksManifest(),
        },
        "secretKey",
        "webhookSecret");

    /// <summary>The address comes from the config; two ways to authenticate.</summary>
    public static LoadedProvider Index() => Load(
        new ProviderManifest
        {
            ManifestVersion = 1,
            Id = "index",
            Name = "Index",
            Version = "1.0.0",
            Category = "search",
            Config = IndexConfig,
            Environments = new Dictionary<string, EnvironmentManifest> { ["dev"] = new() { BaseUrl = "{config.url}" } },
            Auth =
            [
                new AuthManifest { Type = AuthType.Basic, Username = "{config.user}", Password = "{config.password}" },
                new AuthManifest { Id = "token", Type = AuthType.ApiKey, Apply = new ApplyManifest { Headers = new Dictionary<string, string> { ["Authorization"] = "ApiKey {config.token}" } } },
            ],
        },
        "password",
        "token");

    private static LoadedProvider Load(ProviderManifest manifest, params string[] secretFields) => new()
    {
        Manifest = manifest,
        ManifestJson = Encoding.UTF8.GetBytes("{}"),
        Adapter = new NoAdapter(),
        Config = SchemaValidator.Compile(manifest.Config!.Value),
        Parameters = new Dictionary<string, Lazy<SchemaValidator>>(),
        SecretFields = secretFields.ToHashSet(StringComparer.Ordinal),
    };

    private sealed class NoAdapter : IProviderAdapter
    {
        public ValueTask InitializeAsync(ProviderContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public ValueTask<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("This provider runs nothing.");
    }
}
