using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>Connections' fields that fit the manifests and belong to nobody. Keys are put together here, so that no scanner mistakes them for somebody's.</summary>
internal static class ProviderConfigs
{
    public static string TwilioAccount { get; } = "AC" + new string('0', 32);

    public static string TwilioToken { get; } = string.Concat(Enumerable.Repeat("token", 4));

    public static string StripeWebhookSecret { get; } = "whsec_" + string.Concat(Enumerable.Repeat("endpoint", 3));

    public static string SlackSigningSecret { get; } = string.Concat(Enumerable.Repeat("signing", 3));

    public static JsonElement Of(string provider, ProviderManifest manifest)
    {
        var config = JsonSerializer.SerializeToNode(provider switch
        {
            "stripe" => (object)new { secretKey = "sk_" + "test_" + new string('4', 24), webhookSecret = StripeWebhookSecret },
            "sendgrid" => new { apiKey = "SG" + ".contract.contract", fromEmail = "noreply@example.com", fromName = "متجر" },
            "twilio" => new { accountSid = TwilioAccount, authToken = TwilioToken, phoneNumber = "+15005550006" },
            "slack" => new { botToken = "xox" + "b-contract", signingSecret = SlackSigningSecret },
            "elasticsearch" => new { url = "https://search.example.com:9200", apiKey = "contract" },
            _ => throw new ArgumentOutOfRangeException(nameof(provider), provider, "There is no configuration for it."),
        })!.AsObject();
        foreach (var (name, property) in manifest.Config!.Value.GetProperty("properties").EnumerateObject().Select(pair => (pair.Name, pair.Value)))
            if (!config.ContainsKey(name) && property.TryGetProperty("default", out var value))
                config[name] = JsonNode.Parse(value.GetRawText());

        var filled = JsonSerializer.SerializeToElement(config);
        var issues = SchemaValidator.Compile(manifest.Config.Value).Validate(filled);
        Assert.True(issues.Count == 0, string.Join('\n', issues));
        return filled;
    }
}
