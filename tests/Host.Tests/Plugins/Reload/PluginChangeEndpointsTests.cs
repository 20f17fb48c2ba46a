using System.Text.Json;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Tests.Plugins.Install;

namespace IntegrationHub.Host.Tests.Plugins.Reload;

/// <summary>Reload, enable and disable over HTTP, against the whole hub with its real storage.</summary>
public sealed class PluginChangeEndpointsTests : IAsyncLifetime
{
    private InstallHub hub = null!;

    public async Task InitializeAsync()
    {
        hub = await InstallHub.StartAsync("--Hub:Plugins:Watch", "false", "--Hub:Plugins:UnloadCheck", "00:00:00.01");
        PluginFolder.WriteVersion(hub.OperatorsPlugin, 1);
        Assert.Equal(200, (await hub.SendAsync("POST", "/api/plugins/operators/reload")).Status);
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    [InlineData("developer")]
    [InlineData("admin", "shop")]
    public async Task Change_CallerMayNot_IsRefusedAndChangesNothing(string role, params string[] projects)
    {
        using var client = await hub.ClientAsync(role, projects);
        foreach (var action in (string[])["reload", "enable", "disable"])
            Assert.Equal(403, (await client.SendAsync("POST", $"/api/plugins/replaceable/{action}")).Status);

        var record = (await hub.SendAsync("GET", "/api/plugins/replaceable")).Json;
        Assert.Equal(("loaded", 1), (record.GetProperty("state").GetString(), record.GetProperty("generation").GetInt32()));
        Assert.Equal(["plugin.reloaded"], await AuditAsync());
    }

    [Fact]
    public async Task Change_WithoutKeyOrPlugin_IsRefused()
    {
        using var nobody = new HttpClient { BaseAddress = hub.Address };
        foreach (var action in (string[])["reload", "enable", "disable"])
        {
            Assert.Equal(401, (await nobody.SendAsync("POST", $"/api/plugins/replaceable/{action}")).Status);
            var unknown = await hub.SendAsync("POST", $"/api/plugins/nobody/{action}");
            Assert.Equal((404, "not_found"), (unknown.Status, unknown["code"]));
        }
    }

    [Fact]
    public async Task Reload_NewerFiles_ServesThemAndIsAudited()
    {
        PluginFolder.WriteVersion(hub.OperatorsPlugin, 2);
        var answer = await hub.SendAsync("POST", "/api/plugins/replaceable/reload");

        Assert.Equal((200, "2.0.0", "2"), (answer.Status, answer["version"], answer["generation"]));
        var entry = (await hub.SendAsync("GET", "/api/audit?target=replaceable&limit=1")).Json.GetProperty("items")[0];
        Assert.Equal("plugin.reloaded", entry.GetProperty("action").GetString());
        Assert.Equal(("2.0.0", answer["sha256"], "succeeded"), Details(entry));
        await GoneAsync("replaceable", 1);
    }

    [Fact]
    public async Task Reload_BrokenFiles_IsAConflictWithTheReasonsAndTheOldServesOn()
    {
        PluginFolder.WriteVersion(hub.OperatorsPlugin, 2);
        await File.WriteAllTextAsync(Path.Combine(hub.OperatorsPlugin, "Replaceable.dll"), "MZ, and then nothing");
        var answer = await hub.SendAsync("POST", "/api/plugins/replaceable/reload");

        Assert.Equal((409, "plugin_not_loaded"), (answer.Status, answer["code"]));
        Assert.Contains("1.0.0", answer["detail"], StringComparison.Ordinal);
        Assert.Contains("/entry/assembly", answer.Pointers);
        var record = (await hub.SendAsync("GET", "/api/plugins/replaceable")).Json;
        Assert.Equal(("loaded", "1.0.0", "2.0.0"), (record.GetProperty("state").GetString(), record.GetProperty("version").GetString(), record.GetProperty("pendingVersion").GetString()));
        var entry = (await hub.SendAsync("GET", "/api/audit?target=replaceable&limit=1")).Json.GetProperty("items")[0];
        Assert.Equal("failed", Details(entry).Outcome);
        Assert.Equal("1.0.0", (await hub.SendAsync("GET", "/api/providers/replaceable"))["version"]);
    }

    [Fact]
    public async Task Disable_ThenRestart_StaysDisabledUntilEnabled()
    {
        var disabled = await hub.SendAsync("POST", "/api/plugins/replaceable/disable");
        Assert.Equal((200, "disabled"), (disabled.Status, disabled["state"]));
        Assert.Equal(404, (await hub.SendAsync("GET", "/api/providers/replaceable")).Status);
        Assert.Equal(409, (await hub.SendAsync("POST", "/api/plugins/replaceable/reload")).Status);

        await hub.RestartAsync();
        var record = (await hub.SendAsync("GET", "/api/plugins/replaceable")).Json;
        Assert.Equal("disabled", record.GetProperty("state").GetString());
        Assert.Contains("enable", record.GetProperty("reason").GetProperty("hint").GetString(), StringComparison.Ordinal);

        var enabled = await hub.SendAsync("POST", "/api/plugins/replaceable/enable");
        Assert.Equal((200, "loaded"), (enabled.Status, enabled["state"]));
        await hub.RestartAsync();
        Assert.Equal(200, (await hub.SendAsync("GET", "/api/providers/replaceable")).Status);
        Assert.Equal(["plugin.enabled", "plugin.disabled", "plugin.reloaded"], await AuditAsync());
    }

    [Fact]
    public async Task Reload_OldVersionStaysPinned_IsListedWithTheLikelyCause()
    {
        PluginFolder.Write(hub.OperatorsPlugin, "HoldsOn");
        Assert.Equal(200, (await hub.SendAsync("POST", "/api/plugins/replaceable/reload")).Status);
        Assert.Equal(200, (await hub.SendAsync("POST", "/api/plugins/holds-on/reload")).Status);

        JsonElement list = default;
        await PluginFolder.EventuallyAsync(() => list.ValueKind == JsonValueKind.Object && Pinned(list).Any(), () => list.ToString(), async () => list = (await hub.SendAsync("GET", "/api/plugins")).Json);
        var pinned = Assert.Single(Pinned(list));
        Assert.Equal(("holds-on", 1), (pinned.GetProperty("plugin").GetString(), pinned.GetProperty("generation").GetInt32()));
        Assert.Contains(pinned.GetProperty("likelyCauses").EnumerateArray(), cause => cause.GetString()!.Contains("System.Threading.Timer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Webhook_WhilePluginIsDisabled_IsAskedForAgainAndTakenAfterwards()
    {
        await File.WriteAllTextAsync(Path.Combine(hub.OperatorsPlugin, "manifest.json"), TestPluginHost.Manifest("hooks", """
            , "environments": { "dev": {} },
            "config": { "type": "object", "properties": { "token": { "type": "string", "x-secret": true } }, "required": ["token"] },
            "webhooks": {
              "verify": [{ "scheme": "token", "secret": "{config.token}", "header": "X-Hook-Token" }],
              "event": { "id": "/id", "type": "/type" }, "types": { "made": { "en": "Something was made" } }
            }
            """));
        var reloaded = await hub.SendAsync("POST", "/api/plugins/replaceable/reload");
        Assert.True(reloaded.Status == 200, reloaded.Text);
        var created = await hub.SendAsync("POST", "/api/connections", """{ "provider": "hooks", "environment": "dev", "config": { "token": "let-me-in-please" } }""");
        Assert.True(created.Status == 201, created.Text);

        await hub.SendAsync("POST", "/api/plugins/hooks/disable");
        Assert.Equal((503, TimeSpan.FromMinutes(1)), await SendEventAsync(created["id"]!));
        Assert.Equal((404, null), await SendEventAsync("conn_nobody"));

        await hub.SendAsync("POST", "/api/plugins/hooks/enable");
        Assert.Equal((200, null), await SendEventAsync(created["id"]!));
        var events = (await hub.SendAsync("GET", "/api/events")).Json.GetProperty("items");
        Assert.Equal("hooks.made", Assert.Single(events.EnumerateArray()).GetProperty("type").GetString());
    }

    private async Task<(int Status, TimeSpan? RetryAfter)> SendEventAsync(string connection)
    {
        using var sender = new HttpClient { BaseAddress = hub.Address, DefaultRequestHeaders = { { "X-Hook-Token", "let-me-in-please" } } };
        using var content = new StringContent("""{ "id": "e_1", "type": "made" }""");
        using var response = await sender.PostAsync(new Uri($"/v1/webhooks/hooks/{connection}", UriKind.Relative), content);
        return ((int)response.StatusCode, response.Headers.RetryAfter?.Delta);
    }

    private static IEnumerable<JsonElement> Pinned(JsonElement list) => list.GetProperty("retired").EnumerateArray().Where(one => one.GetProperty("state").GetString() == "pinned");

    private async Task GoneAsync(string id, int unloaded)
    {
        JsonElement record = default;
        await PluginFolder.EventuallyAsync(
            () => record.ValueKind == JsonValueKind.Object && record.GetProperty("unloaded").GetInt32() >= unloaded,
            () => record.ToString(),
            async () => record = (await hub.SendAsync("GET", "/api/plugins/" + id)).Json);
    }

    // Newest first.
    private async Task<IEnumerable<string?>> AuditAsync() =>
        (await hub.SendAsync("GET", "/api/audit?target=replaceable")).Json.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("action").GetString());

    private static (string? Version, string? Sha256, string? Outcome) Details(JsonElement entry)
    {
        var details = entry.GetProperty("details");
        return (details.GetProperty("version").GetString(), details.GetProperty("sha256").GetString(), details.GetProperty("outcome").GetString());
    }
}
