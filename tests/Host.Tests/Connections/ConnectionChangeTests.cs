using System.Text.Json;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Host.Tests.Connections;

public sealed class ConnectionChangeTests : IAsyncLifetime, IDisposable
{
    private const string Webhook = "whsec_first_secret_0001";

    private FeatureHub hub = null!;
    private HttpClient admin = null!;
    private string id = "";

    private string Path => "/api/connections/" + id;

    public async Task InitializeAsync()
    {
        hub = await FeatureHub.StartAsync(options => options.AllowBaseUrlOverride = true);
        admin = hub.Admin();
        var created = await admin.SendAsync(
            "POST", "/api/connections", $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}", "webhookSecret": "{{Webhook}}", "region": "eu" } }""");
        id = created["id"]!;
    }

    public async Task DisposeAsync() => await hub.DisposeAsync();

    public void Dispose() => admin.Dispose();

    [Fact]
    public async Task Patch_Config_SetsRemovesAndKeeps()
    {
        var answer = await admin.SendAsync("PATCH", Path, """{ "config": { "region": null, "apiVersion": "2025-01-01", "webhookSecret": "whsec_second_9999" } }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"apiVersion":"2025-01-01","secretKey":"••••1234","webhookSecret":"••••9999"}""", answer["config"]);
        Assert.Equal("2", answer["version"]);
        Assert.Equal(SomeProvider.TestKey, (await OpenAsync()).Config.GetProperty("secretKey").GetString());
        Assert.Equal("whsec_second_9999", (await OpenAsync()).Config.GetProperty("webhookSecret").GetString());
    }

    [Fact]
    public async Task Patch_WhatWasRead_ChangesNothing()
    {
        var read = await admin.SendAsync("GET", Path);

        var answer = await admin.SendAsync("PATCH", Path, $$"""{ "provider": "cards", "project": "default", "environment": "dev", "alias": "default", "enabled": true, "config": {{read["config"]}} }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(SomeProvider.TestKey, (await OpenAsync()).Config.GetProperty("secretKey").GetString());
    }

    [Fact]
    public async Task Patch_AnotherAddressWithoutTheSecrets_IsRefused()
    {
        var moved = await admin.SendAsync("PATCH", Path, """{ "overrides": { "baseUrl": "https://elsewhere.example" } }""");
        var again = await admin.SendAsync(
            "PATCH", Path, $$"""{ "overrides": { "baseUrl": "https://elsewhere.example" }, "config": { "secretKey": "{{SomeProvider.TestKey}}", "webhookSecret": "{{Webhook}}" } }""");

        Assert.Equal((400, 200), (moved.Status, again.Status));
        Assert.Equal(["/config/secretKey", "/config/webhookSecret"], moved.Pointers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Patch_AddressInTheConfigWithoutTheSecrets_IsRefused()
    {
        var created = await admin.SendAsync("POST", "/api/connections", """{ "provider": "index", "auth": "token", "config": { "url": "https://search.example", "token": "token-1234-5678" } }""");
        var path = "/api/connections/" + created["id"];

        var moved = await admin.SendAsync("PATCH", path, """{ "config": { "url": "https://elsewhere.example" } }""");
        var same = await admin.SendAsync("PATCH", path, """{ "config": { "url": "https://search.example", "user": "x" } }""");

        Assert.Equal((400, 200), (moved.Status, same.Status));
        Assert.Equal(["/config/token"], moved.Pointers);
    }

    [Theory]
    [InlineData("""{ "project": "shop" }""", "/project")]
    [InlineData("""{ "provider": "index" }""", "/provider")]
    [InlineData("""{ "environment": "prod" }""", "/environment")]
    [InlineData("""{ "config": { "secretKey": null } }""", "/config/secretKey")]
    [InlineData("""{ "config": { "secretKey": "sk_live_1" } }""", "/config/secretKey")]
    [InlineData("""{ "config": { "secretKey": "••••9999" } }""", "/config/secretKey")]
    [InlineData("""{ "config": null }""", "/config")]
    [InlineData("""{ "alias": null }""", "/alias")]
    [InlineData("""{ "alias": "a b" }""", "/alias")]
    [InlineData("""{ "auth": "nope" }""", "/auth")]
    [InlineData("""{ "enabled": null }""", "/enabled")]
    [InlineData("""{ "enabled": "yes" }""", "/enabled")]
    [InlineData("""{ "grantedScopes": [1] }""", "/grantedScopes")]
    [InlineData("""{ "overrides": { "baseUrl": "nope" } }""", "/overrides/baseUrl")]
    [InlineData("""{ "overrides": [] }""", "/overrides")]
    [InlineData("""{ "id": "x" }""", "/id")]
    public async Task Patch_NotValid_PointsAtItAndChangesNothing(string body, string pointer)
    {
        var answer = await admin.SendAsync("PATCH", Path, body);

        Assert.Equal(400, answer.Status);
        Assert.Equal([pointer], answer.Pointers.Distinct());
        Assert.Equal(1, hub.Connections.All.Single().Version);
    }

    [Fact]
    public async Task Patch_StaleVersion_Is409()
    {
        Assert.Equal(200, (await admin.SendAsync("PATCH", Path, """{ "enabled": false }""", ifMatch: "\"1\"")).Status);

        var byHeader = await admin.SendAsync("PATCH", Path, """{ "enabled": true }""", ifMatch: "\"1\"");
        var byBody = await admin.SendAsync("PATCH", Path, """{ "enabled": true, "version": 1 }""");
        var malformed = await admin.SendAsync("PATCH", Path, """{ "enabled": true }""", ifMatch: "\"one\"");

        Assert.Equal((409, 409, 400), (byHeader.Status, byBody.Status, malformed.Status));
        Assert.False(hub.Connections.All.Single().Enabled);
    }

    [Fact]
    public async Task Patch_ChangedInBetween_IsRepeatedOnTheNewState()
    {
        hub.Connections.BeforeUpdate = _ =>
        {
            var current = hub.Connections.All.Single();
            Assert.Equal(ConnectionUpdate.Done, hub.Connections.UpdateAsync(current with { Alias = "renamed", Version = 2 }, CancellationToken.None).GetAwaiter().GetResult());
        };

        var answer = await admin.SendAsync("PATCH", Path, """{ "enabled": false }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(("renamed", "false", "3"), (answer["alias"], answer["enabled"], answer["version"]));
    }

    [Fact]
    public async Task Patch_AliasOfAnother_Is409()
    {
        await admin.SendAsync("POST", "/api/connections", $$"""{ "provider": "cards", "alias": "other", "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""");

        var answer = await admin.SendAsync("PATCH", Path, """{ "alias": "other" }""");

        Assert.Equal(409, answer.Status);
        Assert.Equal(["/alias"], answer.Pointers);
    }

    [Fact]
    public async Task Patch_ProviderNotLoaded_StillDisables()
    {
        hub.Catalog.Providers.Clear();

        var disabled = await admin.SendAsync("PATCH", Path, """{ "enabled": false }""");
        var config = await admin.SendAsync("PATCH", Path, """{ "config": { "region": "us" } }""");

        Assert.Equal(200, disabled.Status);
        Assert.Equal("••••1234", disabled.Json.GetProperty("config").GetProperty("secretKey").GetString());
        Assert.Equal(409, config.Status);
    }

    [Fact]
    public async Task Rotate_ToNothing_IsRefused()
    {
        var answer = await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "" } }""");

        Assert.Equal((400, "/config/webhookSecret"), (answer.Status, answer.Pointers[0]));
        Assert.Equal("[]", (await admin.SendAsync("GET", Path))["retiredSecrets"]);
    }

    [Fact]
    public async Task Rotate_OldValue_StaysForWebhooksUntilTheOverlapEnds()
    {
        var answer = await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "whsec_second_0002" } }""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("webhookSecret", answer.Json.GetProperty("retiredSecrets")[0].GetProperty("field").GetString());
        var open = await OpenAsync();
        Assert.Equal("whsec_second_0002", open.Config.GetProperty("webhookSecret").GetString());
        Assert.Equal([Webhook], open.PreviousConfigs.Select(config => config.GetProperty("webhookSecret").GetString()));
        Assert.Equal(SomeProvider.TestKey, open.PreviousConfigs[0].GetProperty("secretKey").GetString());

        hub.Time.Advance(TimeSpan.FromHours(24));
        Assert.Empty((await OpenAsync()).PreviousConfigs);
        Assert.Equal("[]", (await admin.SendAsync("GET", Path))["retiredSecrets"]);
    }

    [Fact]
    public async Task Rotate_TwiceAndTogether_GoesBackStepByStep()
    {
        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" }, "overlap": "2d" }""");
        hub.Time.Advance(TimeSpan.FromHours(1));
        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w3", "secretKey": "sk_test_new" }, "overlap": "3d" }""");

        var previous = (await OpenAsync()).PreviousConfigs;

        Assert.Equal(
            [("w2", SomeProvider.TestKey), (Webhook, SomeProvider.TestKey)],
            previous.Select(config => (config.GetProperty("webhookSecret").GetString()!, config.GetProperty("secretKey").GetString()!)));
    }

    [Fact]
    public async Task Rotate_WithoutOverlap_EndsEveryOldValueAtOnce()
    {
        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" } }""");

        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w3" }, "overlap": "0s" }""");

        Assert.Empty((await OpenAsync()).PreviousConfigs);
        Assert.Empty(hub.Connections.All.Single().RetiredSecrets);
    }

    [Fact]
    public async Task Rotate_Repeated_DoesNoHarm()
    {
        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" } }""");

        var again = await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" } }""");

        Assert.Equal("2", again["version"]);
        Assert.Single((await OpenAsync()).PreviousConfigs);
    }

    [Theory]
    [InlineData("""{ "config": {} }""", "/config")]
    [InlineData("""{ }""", "/config")]
    [InlineData("""{ "config": { "region": "us" } }""", "/config/region")]
    [InlineData("""{ "config": { "secretKey": "sk_live_1" } }""", "/config/secretKey")]
    [InlineData("""{ "config": { "secretKey": "••••1234" } }""", "/config/secretKey")]
    [InlineData("""{ "config": { "secretKey": 5 } }""", "/config/secretKey")]
    [InlineData("""{ "config": { "webhookSecret": "w2" }, "overlap": "soon" }""", "/overlap")]
    [InlineData("""{ "config": { "webhookSecret": "w2" }, "overlap": "31d" }""", "/overlap")]
    [InlineData("""{ "config": { "webhookSecret": "w2" }, "overlap": "-1h" }""", "/overlap")]
    public async Task Rotate_NotValid_PointsAtItAndChangesNothing(string body, string pointer)
    {
        var answer = await admin.SendAsync("POST", Path + "/rotate", body);

        Assert.Equal(400, answer.Status);
        Assert.Equal([pointer], answer.Pointers);
        Assert.Equal(1, hub.Connections.All.Single().Version);
    }

    [Fact]
    public async Task Delete_RemovesItEverywhere()
    {
        await OpenAsync();

        Assert.Equal(204, (await admin.SendAsync("DELETE", Path)).Status);
        Assert.Equal(404, (await admin.SendAsync("GET", Path)).Status);
        Assert.Null(await hub.Services.GetRequiredService<IConnectionResolver>().FindAsync(id, CancellationToken.None));
        Assert.Equal(404, (await admin.SendAsync("DELETE", Path)).Status);
    }

    [Fact]
    public async Task Changes_AreAudited()
    {
        await admin.SendAsync("PATCH", Path, """{ "enabled": false, "config": { "region": "us" } }""");
        await admin.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" } }""");
        await admin.SendAsync("DELETE", Path);

        Assert.Equal(
            ["connection.created", "connection.updated", "connection.rotated", "connection.deleted"],
            hub.Audit.Records.Select(record => record.Entry.Action));
        Assert.All(hub.Audit.Records, record => Assert.Equal((id, "default", "bootstrap"), (record.Entry.Target, record.Entry.Project, record.Entry.Actor)));
        Assert.Equal("""["enabled","config.region"]""", JsonSerializer.Serialize(hub.Audit.Records[1].Entry.Details.GetProperty("changes")));
    }

    [Fact]
    public async Task OtherProject_SeesNothingOfIt()
    {
        using var other = await hub.ClientAsync("admin", "shop");

        Assert.Equal(404, (await other.SendAsync("GET", Path)).Status);
        Assert.Equal(404, (await other.SendAsync("PATCH", Path, "{}")).Status);
        Assert.Equal(404, (await other.SendAsync("DELETE", Path)).Status);
        Assert.Equal(404, (await other.SendAsync("POST", Path + "/rotate", """{ "config": { "webhookSecret": "w2" } }""")).Status);
        Assert.Equal("[]", (await other.SendAsync("GET", "/api/connections"))["items"]);
        Assert.Equal("[]", (await other.SendAsync("GET", "/api/connections?project=default"))["items"]);
        Assert.Equal(403, (await other.SendAsync("POST", "/api/connections", $$"""{ "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""")).Status);
        Assert.Equal(201, (await other.SendAsync("POST", "/api/connections", $$"""{ "project": "shop", "provider": "cards", "config": { "secretKey": "{{SomeProvider.TestKey}}" } }""")).Status);
    }

    [Fact]
    public async Task List_FiltersAndPages()
    {
        foreach (var alias in new[] { "a", "b" })
            await admin.SendAsync("POST", "/api/connections", $$"""{ "provider": "index", "alias": "{{alias}}", "project": "{{alias}}", "config": { "url": "http://x", "token": "t" } }""");

        var page = await admin.SendAsync("GET", "/api/connections?limit=2");
        var rest = await admin.SendAsync("GET", "/api/connections?limit=2&cursor=" + page["nextCursor"]);

        Assert.Equal(["b", "a"], Aliases(page));
        Assert.Equal(["default"], Aliases(rest));
        Assert.Equal("null", rest["nextCursor"]);
        Assert.Equal(["b", "a"], Aliases(await admin.SendAsync("GET", "/api/connections?provider=index")));
        Assert.Equal(["a"], Aliases(await admin.SendAsync("GET", "/api/connections?project=a")));
        Assert.Empty(Aliases(await admin.SendAsync("GET", "/api/connections?environment=prod")));

        static IEnumerable<string> Aliases(Answer answer) => answer.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("alias").GetString()!);
    }

    private async Task<IntegrationHub.Adapters.ConnectionContext> OpenAsync()
    {
        var resolver = hub.Services.GetRequiredService<IConnectionResolver>();
        return resolver.Open((await resolver.FindAsync(id, CancellationToken.None))!, hub.Catalog.Find("cards")!);
    }
}
