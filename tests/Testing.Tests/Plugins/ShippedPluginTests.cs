using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>The plugins that the hub ships with, held to what is asked of everybody's, at the level that each has reached.</summary>
public sealed class ShippedPluginTests(ITestOutputHelper output)
{
    /// <summary>By plugin: its level, and the vendor's description. Amazon publishes none of S3 as OpenAPI, so that silver is the most that can be shown.</summary>
    private static readonly Dictionary<string, (QualityLevel Level, string[] Descriptions)> Levels = new(StringComparer.Ordinal)
    {
        ["elasticsearch"] = (QualityLevel.Gold, ["elasticsearch.json"]),

        // The description at hand is of a part of its operations: the vendor's collection has the others in files of its own.
        ["hubspot"] = (QualityLevel.Silver, []),
        ["mixpanel"] =
        (
            QualityLevel.Gold,
            [.. ((string[])["annotations", "data-pipelines", "export", "feature-flags", "gdpr", "identity", "ingestion", "lexicon-schemas", "query", "service-accounts"]).Select(name => $"mixpanel-{name}.yaml")]
        ),
        ["paypal"] =
        (
            QualityLevel.Gold,
            [
                "paypal-billing_subscriptions_v1.json", "paypal-catalogs_products_v1.json", "paypal-checkout_orders_v2.json", "paypal-customer_disputes_v1.json", "paypal-invoicing_v2.json",
                "paypal-notifications_webhooks_v1.json", "paypal-payments_payment_v2.json", "paypal-payments_payouts_batch_v1.json", "paypal-vault_payment_tokens_v3.json",
            ]
        ),
        ["resend"] = (QualityLevel.Gold, ["resend.yaml"]),
        ["s3"] = (QualityLevel.Silver, []),
        ["sendgrid"] = (QualityLevel.Gold, ["sendgrid-mail_v3.json", "sendgrid-templates_v3.json"]),
        ["slack"] = (QualityLevel.Gold, ["slack-web.openapi3.json"]),
        ["stripe"] = (QualityLevel.Gold, ["stripe.yaml"]),
        ["twilio"] = (QualityLevel.Gold, ["twilio-api_v2010.json"]),
    };

    public static TheoryData<string> Plugins => [.. Directory.EnumerateDirectories(Repository.At("plugins")).Where(folder => File.Exists(Path.Combine(folder, "manifest.json"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Plugins))]
    public async Task Assert_ShippedPlugin_ConformsAndIsAtLeastSilver(string plugin)
    {
        var report = await PluginConformance.RunAsync(Repository.At("plugins", plugin));

        output.WriteLine(report.ToText());
        Sound.Assert(report);
        Assert.True(report.Passed, report.ToText());
        Assert.True(report.Level >= QualityLevel.Silver, report.ToText());
    }

    /// <summary>With the vendor's description at hand, each is exactly what it was last shown to be: one that rises is to be written down here, one that falls is a fault.</summary>
    [SkippableTheory]
    [MemberData(nameof(Plugins))]
    public async Task Run_WithTheVendorsDescription_IsOfItsLevel(string plugin)
    {
        Assert.True(Levels.TryGetValue(plugin, out var known), $"Write down the level of '{plugin}'.");
        var files = known.Descriptions.Select(name => Require.Shared("contracts", "openapi", name)).ToList();

        var report = await PluginConformance.RunAsync(Repository.At("plugins", plugin), new ConformanceOptions { DescriptionFiles = files });

        output.WriteLine(report.ToText());
        Sound.Assert(report);
        Assert.True(report.Level == known.Level, report.ToText());
    }
}
