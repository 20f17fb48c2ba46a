using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>A plugin's quarantine from its first fault to its return, as an operator and its callers see it, over a restart.</summary>
public sealed class QuarantineTests
{
    [Fact]
    public async Task Quarantine_ThenRestartThenEnable_IsVisibleKeptLiftedAndAudited()
    {
        using var folders = new PluginFolders();
        var bad = folders.AddMisbehaving("execute", "throws");
        string connection;
        await using (var hub = await HubProcess.StartAsync(folders.Data, folders.List))
        {
            connection = await hub.CreateConnectionAsync(bad, new { });
            Assert.Equal(200, await WebhookAsync(hub, bad, connection, "evt_1"));
            for (var i = 0; i < 5; i++)
                Assert.Equal((502, "provider_error"), await RunAsync(hub, connection));

            await hub.EventuallyAsync($"/api/plugins/{bad}", record => State(record) == "quarantined");
            await AssertHeldAsync(hub, bad, connection);

            // Written down when it is in force, which the record tells before.
            var audit = await hub.EventuallyAsync($"/api/audit?action=plugin.quarantined&target={bad}", page => page.GetProperty("items").GetArrayLength() > 0);
            var entry = Assert.Single(audit.GetProperty("items").EnumerateArray());
            Assert.Equal("system", entry.GetProperty("actor").GetString());
            Assert.Contains("fault number 5 in a row", entry.GetProperty("details").GetProperty("reason").GetString(), StringComparison.Ordinal);
            Assert.Equal(0, await hub.StopAsync());
        }

        await using (var hub = await HubProcess.StartAsync(folders.Data, folders.List))
        {
            await AssertHeldAsync(hub, bad, connection);

            // Loading it again is not the way out; enabling it is.
            using (var reload = await hub.Client.PostAsync(new Uri($"/api/plugins/{bad}/reload", UriKind.Relative), null))
                Assert.Equal(409, (int)reload.StatusCode);

            await File.WriteAllTextAsync(folders.Cure, "");
            Assert.Equal("loaded", State(await hub.PostAsync($"/api/plugins/{bad}/enable", new { })));
            Assert.Equal((200, ""), await RunAsync(hub, connection));
            Assert.Equal(200, await WebhookAsync(hub, bad, connection, "evt_2"));
            var entry = Assert.Single(await hub.ListAsync("/api/audit"), entry => Is(entry, "plugin.enabled", bad));
            Assert.NotEqual("system", entry.GetProperty("actor").GetString());
            Assert.True((await hub.GetAsync("/api/audit/verify")).GetProperty("ok").GetBoolean());
            Assert.Equal(0, await hub.StopAsync());
        }

        await using var last = await HubProcess.StartAsync(folders.Data, folders.List);
        Assert.Equal("loaded", State(await last.GetAsync($"/api/plugins/{bad}")));
        Assert.Equal((200, ""), await RunAsync(last, connection));
    }

    private static async Task AssertHeldAsync(HubProcess hub, string plugin, string connection)
    {
        var listed = Assert.Single((await hub.GetAsync("/api/plugins")).GetProperty("items").EnumerateArray(), item => item.GetProperty("id").GetString() == plugin);
        Assert.Equal("quarantined", State(listed));
        var reason = listed.GetProperty("reason");
        Assert.Contains("ExecuteAsync of 'run' threw Misbehaving.NuisanceException", reason.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains($"/api/plugins/{plugin}/enable", reason.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.Equal((503, "provider_not_loaded"), await RunAsync(hub, connection));
        Assert.Equal(503, await WebhookAsync(hub, plugin, connection, "evt_later"));
    }

    private static async Task<(int Status, string Code)> RunAsync(HubProcess hub, string connection)
    {
        using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)answer.StatusCode, body.TryGetProperty("code", out var code) ? code.GetString()! : "");
    }

    private static async Task<int> WebhookAsync(HubProcess hub, string provider, string connection, string id)
    {
        using var body = new StringContent($$"""{ "id": "{{id}}", "type": "ping" }""", Encoding.UTF8, "application/json");
        using var answer = await hub.Client.PostAsync(new Uri($"/v1/webhooks/{provider}/{connection}", UriKind.Relative), body);
        Assert.Equal(answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable, answer.Headers.RetryAfter is not null);
        return (int)answer.StatusCode;
    }

    private static bool Is(JsonElement entry, string action, string plugin) => entry.GetProperty("action").GetString() == action && entry.GetProperty("target").GetString() == plugin;

    private static string State(JsonElement record) => record.GetProperty("state").GetString()!;
}
