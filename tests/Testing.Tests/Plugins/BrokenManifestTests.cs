using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Tests.Plugins;

/// <summary>A good plugin, broken in one place each: the suite finds it, with the check whose matter it is.</summary>
public sealed class BrokenManifestTests
{
    private static readonly Dictionary<string, (string Check, FindingSeverity Severity, Action<JsonNode> Break)> Ways = new(StringComparer.Ordinal)
    {
        ["a schema that is none"] = ("manifest.rules", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["params"]!["properties"]!["id"]!["type"] = "text"),
        ["a key that does not exist"] = ("manifest.rules", FindingSeverity.Error, m => m["opperations"] = new JsonObject()),
        ["an icon that is not there"] = ("manifest.icon", FindingSeverity.Error, m => m["icon"] = "other.svg"),
        ["a default that its schema refuses"] = ("manifest.compile", FindingSeverity.Error, m => m["config"]!["properties"]!["region"]!["default"] = "us"),
        ["a path parameter that is not required"] = ("operations.calls", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["params"]!["required"] = new JsonArray()),
        ["a result that its schema refuses"] = ("operations.result", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["result"]!["required"]!.AsArray().Add("currency")),
        ["a success that is read as a failure"] = ("operations.calls", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["response"] = new JsonObject { ["successWhen"] = new JsonObject { ["/ok"] = true } }),
        ["no success in the simulator"] = ("operations.calls", FindingSeverity.Error, m =>
        {
            m["simulator"]!["operations"]!["getPayment"]!.AsArray().RemoveAt(1);
            m["simulator"]!["operations"]!["getPayment"]![0]!.AsObject().Remove("when");
        }),
        ["a failure without a category"] = ("operations.errors", FindingSeverity.Error, m =>
        {
            m["simulator"]!["operations"]!["getPayment"]![0]!["status"] = 418;
            m["simulator"]!["operations"]!["getPayment"]![0]!["body"]!["error"]!["code"] = "teapot";
        }),
        ["a failure that is read as a success"] = ("operations.result", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["response"] = new JsonObject { ["success"] = new JsonArray(200, 404) }),
        ["an answer that nobody can ask for"] = ("operations.errors", FindingSeverity.Warning, m => m["simulator"]!["operations"]!["getPayment"]![0]!["when"]!["/id"] = "missing"),
        ["an answer behind another"] = ("operations.errors", FindingSeverity.Warning, m =>
        {
            var answers = m["simulator"]!["operations"]!["getPayment"]!.AsArray();
            var first = answers[0];
            answers.RemoveAt(0);
            answers.Add(first);
        }),
        ["a connection test that fails"] = ("operations.tests", FindingSeverity.Error, m => m["simulator"]!["operations"]!["listPayments"]!.AsArray().Insert(
            0, new JsonObject { ["when"] = new JsonObject { ["/limit"] = 1 }, ["status"] = 401, ["body"] = new JsonObject() })),
        ["pages that never end"] = ("operations.pagination", FindingSeverity.Error, m => m["simulator"]!["operations"]!["listPayments"]!.AsArray().Insert(
            0, new JsonObject { ["when"] = new JsonObject { ["/after"] = "pay_2" }, ["body"] = new JsonObject { ["items"] = new JsonArray(), ["next"] = "pay_0" } })),
        ["items that are elsewhere"] = ("operations.pagination", FindingSeverity.Error, m => m["operations"]!["listPayments"]!["pagination"]!["items"] = "/data"),
        ["a single simulated page"] = ("operations.pagination", FindingSeverity.Warning, m => m["simulator"]!["operations"]!["listPayments"]![1]!["body"]!.AsObject().Remove("next")),
        ["credentials that are not sent"] = ("operations.auth", FindingSeverity.Error, m => m["auth"]![0]!["token"] = "{config.region}"),
        ["an environment that no key fits"] = ("operations.environments", FindingSeverity.Error, m => m["environments"]!["prod"]!["require"]!["apiKey"] = "_other_"),
        ["a capability's result that is none"] = ("operations.capabilities", FindingSeverity.Error, m => m["operations"]!["createPayment"]!["implements"]!["result"]!["status"] = "{result.status}"),
        ["a capability's parameters that do not fit"] = ("operations.capabilities", FindingSeverity.Warning, m => m["operations"]!["createPayment"]!["implements"]!["params"]!["amount"] = "{params.currency}"),
        ["a parameter that may be anything"] = ("fuzz.invalid", FindingSeverity.Warning, m => m["operations"]!["createPayment"]!["params"]!["properties"]!["note"] = new JsonObject()),
        ["a failure that counts as success"] = ("faults.status", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["response"] = new JsonObject { ["success"] = new JsonArray(200, 500) }),
        ["a host that is not allowed"] = ("egress.allowed", FindingSeverity.Error, m =>
        {
            m["config"]!["properties"]!["host"] = new JsonObject { ["type"] = "string", ["title"] = new JsonObject { ["en"] = "Host", ["ar"] = "مضيف" }, ["default"] = "files" };
            m["network"]!["allow"]!.AsArray().Add("*.acme.example");
            m["operations"]!["getPayment"]!["http"]!["path"] = "https://{config.host}.acme.example/v1/payments/{params.id}";
            m["network"]!["allow"]!.AsArray().RemoveAt(2);
        }),
        ["a key that is not marked as secret"] = ("secrets.declared", FindingSeverity.Error, m => m["config"]!["properties"]!["apiKey"]!.AsObject().Remove("x-secret")),
        ["a webhook secret that is not marked as secret"] = ("secrets.declared", FindingSeverity.Error, m => m["config"]!["properties"]!["webhookSecret"]!.AsObject().Remove("x-secret")),
        ["a key in the address"] = ("secrets.requests", FindingSeverity.Warning, m => m["operations"]!["getPayment"]!["http"]!["query"] = new JsonObject { ["key"] = "{config.apiKey}" }),
        ["a webhook type without a sample"] = ("webhooks.samples", FindingSeverity.Warning, m => m["webhooks"]!["types"]!["payment.failed"] = new JsonObject { ["en"] = "x", ["ar"] = "س" }),
        ["a sample of another type"] = ("webhooks.samples", FindingSeverity.Error, m => m["simulator"]!["webhooks"]!["payment.paid"]!["body"]!["type"] = "payment.lost"),
        ["a sample without its id"] = ("webhooks.samples", FindingSeverity.Error, m => m["webhooks"]!["event"]!["id"] = "/event_id"),
        ["a sample that no scheme accepts"] = ("webhooks.accepted", FindingSeverity.Error, m => m["webhooks"]!["verify"]!["when"] = new JsonObject { ["header.X-Other"] = true }),
        ["a signature that leaves out the body"] = ("webhooks.tampered", FindingSeverity.Error, m => m["webhooks"]!["verify"]!["signed"] = "{timestamp}"),
        ["a timestamp that is not signed"] = ("webhooks.tampered", FindingSeverity.Error, m => m["webhooks"]!["verify"]!["signed"] = "{body}"),
        ["an event id that changes"] = ("webhooks.replayed", FindingSeverity.Error, m => m["webhooks"]!["event"]!["id"] = "{header.X-Acme-Time}"),
        ["a handshake that cannot be"] = ("webhooks.challenge", FindingSeverity.Error, m => m["webhooks"]!["challenge"]!["method"] = "GET"),
        ["a recorded webhook that is refused"] = ("recorded.webhooks", FindingSeverity.Error, m => m["webhooks"]!["verify"]!["algorithm"] = "sha512"),
        ["a recorded error of another meaning"] = ("recorded.errors", FindingSeverity.Error, m => m["defaults"]!["response"]!["errors"]!["code"] = "/error/type"),
        ["a request that the vendor does not know"] = ("contract.requests", FindingSeverity.Error, m => m["operations"]!["getPayment"]!["http"]!["path"] = "/v1/payment/{params.id}"),
        ["a parameter that the vendor does not know"] = ("contract.requests", FindingSeverity.Error, m => m["operations"]!["createPayment"]!["params"]!["properties"]!["memo"] = new JsonObject { ["type"] = "string" }),
        ["a simulated answer that the vendor would not give"] = ("contract.answers", FindingSeverity.Error, m => m["simulator"]!["operations"]!["listPayments"]![0]!["body"]!["next"] = 7),
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Run_BrokenPlugin_IsFoundByItsCheck(string name)
    {
        var (check, severity, change) = Ways[name];
        using var plugin = new AcmePlugin();
        plugin.Change(change);

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.True(report.Findings.Any(finding => finding.Check == check && finding.Severity == severity), report.ToText());
        Assert.True(report.Level < QualityLevel.Platinum || severity == FindingSeverity.Warning, report.ToText());
        Sound.Assert(report);
        if (severity == FindingSeverity.Error)
        {
            Assert.Equal(QualityLevel.None, report.Level);
            var fault = await Assert.ThrowsAsync<ConformanceException>(() => PluginConformance.AssertAsync(plugin.Folder));
            Assert.Contains(check, fault.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What is no fault, but less than the level asks for.</summary>
    [Theory]
    [InlineData("description", "bronze.description", QualityLevel.None)]
    [InlineData("setup", "bronze.setup", QualityLevel.None)]
    [InlineData("tests", "bronze.test", QualityLevel.None)]
    [InlineData("simulator/operations/getPayment", "bronze.simulator", QualityLevel.None)]
    [InlineData("operations/listPayments/params", "silver.parameters", QualityLevel.Bronze)]
    [InlineData("defaults/response/errors", "silver.errors", QualityLevel.Bronze)]
    [InlineData("limits", "silver.limits", QualityLevel.Bronze)]
    [InlineData("retry", "silver.retry", QualityLevel.Bronze)]
    [InlineData("simulator/webhooks", "gold.samples", QualityLevel.Silver)]
    [InlineData("operations/createPayment/implements", "gold.capabilities", QualityLevel.Silver)]
    [InlineData("config/properties/apiKey/title/ar", "gold.texts", QualityLevel.Silver)]
    [InlineData("webhooks/types/payment.paid/ar", "gold.texts", QualityLevel.Silver)]
    [InlineData("limits/headers", "platinum.limits", QualityLevel.Gold)]
    [InlineData("operations/listPayments/pagination", "platinum.pagination", QualityLevel.Gold)]
    [InlineData("defaults/idempotency", "platinum.idempotency", QualityLevel.Gold)]
    public async Task Run_SomethingMissing_IsTheLevelBelow(string path, string requirement, QualityLevel level)
    {
        using var plugin = new AcmePlugin();
        plugin.Change(manifest =>
        {
            var names = path.Split('/');
            names[..^1].Aggregate(manifest, (node, name) => node[name]!).AsObject().Remove(names[^1]);
        });

        // Without recorded errors where nothing is mapped that they could show.
        if (requirement is "silver.errors")
            Directory.Delete(Path.Combine(plugin.Folder, "contract", "errors"), recursive: true);

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.True(report.Level == level, report.ToText());
        Assert.Contains(report.Missing, missing => missing.Id == requirement);
        Assert.Contains(report.Missing.First(missing => missing.Id == requirement).Message, report.ToText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contract/openapi.json", "gold.contract", QualityLevel.Silver)]
    [InlineData("contract/webhooks/payment.paid.json", "platinum.webhooks", QualityLevel.Gold)]
    [InlineData("contract/errors/card_declined.json", "platinum.errors", QualityLevel.Gold)]
    public async Task Run_EvidenceMissing_IsTheLevelBelow(string file, string requirement, QualityLevel level)
    {
        using var plugin = new AcmePlugin();
        File.Delete(Path.Combine(plugin.Folder, file));

        var report = await PluginConformance.RunAsync(plugin.Folder);

        Assert.True(report.Level == level, report.ToText());
        Assert.Contains(report.Missing, missing => missing.Id == requirement);
    }

    [Fact]
    public async Task Run_NoPluginThere_IsAFinding()
    {
        var report = await PluginConformance.RunAsync(Path.Combine(Path.GetTempPath(), "no-such-plugin-folder"));

        Assert.Equal("manifest.rules", Assert.Single(report.Findings).Check);
        Assert.Equal(QualityLevel.None, report.Level);
    }
}
