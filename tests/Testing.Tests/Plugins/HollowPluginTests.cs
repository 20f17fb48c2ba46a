using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>Plugins that give the suite little to judge: what was not judged is not said to be right.</summary>
public sealed class HollowPluginTests
{
    /// <summary>Checks that say something of requests; without a request there is nothing to be said.</summary>
    private static readonly string[] OfRequests =
    [
        "operations.idempotency", "operations.auth", "operations.environments", "operations.errors", "faults.status", "faults.network", "faults.body", "faults.huge", "faults.echo",
        "cancellation.during", "contract.requests", "contract.answers", "secrets.requests", "egress.allowed",
    ];

    [Fact]
    public async Task Run_CodeThatNeverAsksTheProvider_ShowsNothingOfRequests()
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode("NeverAsks");

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Sound.Assert(report);
        Assert.Equal(QualityLevel.None, report.Level);
        Assert.All(OfRequests, id => Assert.True(report.Checks.Single(check => check.Id == id).Outcome == CheckOutcome.Skipped, report.ToText()));
        Assert.Contains(report.Requirements, requirement => requirement is { Id: "silver.errors", Met: false });
        Assert.Contains(report.Requirements, requirement => requirement is { Id: "gold.contract", Met: false });
    }

    [Fact]
    public async Task Run_NothingDeclared_SkipsWhatIsNotThere()
    {
        using var plugin = new AcmePlugin();
        Directory.Delete(Path.Combine(plugin.Folder, "contract"), recursive: true);
        plugin.Change(manifest =>
        {
            foreach (var name in (string[])["icon", "webhooks", "tests", "limits", "retry", "environments", "defaults"])
                manifest.AsObject().Remove(name);

            manifest["simulator"] = new JsonObject();
            manifest["auth"] = new JsonArray(new JsonObject { ["type"] = "none" });
            manifest["config"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["address"] = new JsonObject { ["type"] = "string", ["format"] = "uri" } }, ["required"] = new JsonArray("address") };
            manifest["environments"] = new JsonObject { ["prod"] = new JsonObject { ["baseUrl"] = "{config.address}" } };
            manifest["network"] = new JsonObject { ["allow"] = new JsonArray("{config.address}") };
            manifest["operations"] = new JsonObject { ["ping"] = new JsonObject { ["title"] = "Ping", ["http"] = new JsonObject { ["method"] = "GET", ["path"] = "/ping" } } };
        });

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Sound.Assert(report);
        Assert.True(report.Level == QualityLevel.None, report.ToText());
        foreach (var id in (string[])["manifest.icon", "operations.tests", "operations.pagination", "operations.idempotency", "operations.capabilities", "fuzz.invalid", "faults.echo", "webhooks", "recorded.webhooks", "recorded.errors", "contract.requests", "secrets.declared", "secrets.results", "secrets.requests", "secrets.logs", "plugin.unload"])
            Assert.True(report.Checks.Single(check => check.Id == id).Outcome == CheckOutcome.Skipped, id + report.ToText());
    }

    /// <summary>A description of something else judges nothing, and so shows nothing.</summary>
    [Fact]
    public async Task Run_DescriptionWithoutOperations_IsNotGold()
    {
        using var plugin = new AcmePlugin();
        File.WriteAllText(Path.Combine(plugin.Folder, "contract", "openapi.json"), """{"openapi":"3.0.3","info":{"title":"x","version":"1"},"paths":{}}""");

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Sound.Assert(report);
        Assert.Equal(CheckOutcome.Skipped, report.Checks.Single(check => check.Id == "contract.requests").Outcome);
        Assert.Equal(QualityLevel.Silver, report.Level);
    }

    /// <summary>An operation that could not be called was not judged either.</summary>
    [Fact]
    public async Task Run_OperationWithoutParametersThatFit_IsNotGold()
    {
        using var plugin = new AcmePlugin();
        plugin.Change(manifest => manifest["operations"]!["getPayment"]!["params"]!["properties"]!["id"]!["pattern"] = "^pay_(?=x)y$");

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.Contains(report.Findings, finding => finding is { Check: "contract.judged", Pointer: "/operations/getPayment" });
        Assert.Contains(report.Requirements, requirement => requirement is { Id: "gold.contract", Met: false });
    }

    [Fact]
    public async Task Run_PathThatIsExplainedAway_IsNotGold()
    {
        using var plugin = new AcmePlugin();
        plugin.Change(manifest => manifest["operations"]!["getPayment"]!["http"]!["path"] = "/v1/elsewhere/{params.id}");
        File.WriteAllText(
            Path.Combine(plugin.Folder, "contract", "explained.json"),
            """[{ "operation": "getPayment", "pointer": "/path", "reason": "It is there.", "source": "https://acme.example/docs", "description": "1.0" }]""");

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.Contains(report.Findings, finding => finding.Check == "contract.judged");
        Assert.Contains(report.Requirements, requirement => requirement is { Id: "gold.contract", Met: false });
    }

    /// <summary>That one of two schemes accepts what is signed for it, shows nothing of the other.</summary>
    [Fact]
    public async Task Run_CustomSchemeBesideAnother_NeedsWhatTheVendorSent()
    {
        using var plugin = new AcmePlugin();
        plugin.UseCode("ChecksFormOnly");
        Directory.Delete(Path.Combine(plugin.Folder, "contract", "webhooks"), recursive: true);
        plugin.Change(manifest =>
        {
            var signed = manifest["webhooks"]!["verify"]!.DeepClone();
            manifest["webhooks"]!["verify"] = new JsonArray(signed, new JsonObject { ["scheme"] = "custom" });
        });

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.Contains(report.Requirements, requirement => requirement is { Id: "silver.webhooks", Met: false });
    }
}
