using IntegrationHub.Host.Access;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Access;

public sealed class KeyEndpointTests
{
    [Fact]
    public async Task Create_ShowsTheKeyOnce()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var created = await admin.SendAsync("POST", "/api/keys", """{ "name": "shop", "role": "developer", "projects": ["shop"] }""");
        var listed = await admin.SendAsync("GET", "/api/keys");

        Assert.Equal(201, created.Status);
        Assert.Matches("^hub_[A-Za-z0-9_-]{43}$", created["key"]!);
        Assert.Equal($"/api/keys/{created["id"]}", created.Headers.Location!.ToString());
        Assert.DoesNotContain(created["key"]!, listed.Text, StringComparison.Ordinal);
        Assert.Contains("••••" + created["key"]![^4..], listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(created["key"]!, hub.Logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_WithAnEmptyListOfProjects_IsNoKeyToAllOfThem()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var refused = await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer", "projects": [] }""");

        Assert.Equal((400, "/projects"), (refused.Status, Assert.Single(refused.Pointers)));
        Assert.Equal(201, (await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer", "projects": null }""")).Status);
    }

    [Fact]
    public async Task Delete_KeyInUse_StopsItAtOnce()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var created = await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer" }""");
        using var client = hub.Client(created["key"]);
        Assert.Equal(200, (await client.SendAsync("GET", "/api/connections")).Status);

        var deleted = await admin.SendAsync("DELETE", "/api/keys/" + created["id"]);

        Assert.Equal(204, deleted.Status);
        Assert.Equal(401, (await client.SendAsync("GET", "/api/connections")).Status);
        Assert.Equal(404, (await admin.SendAsync("DELETE", "/api/keys/" + created["id"])).Status);
        Assert.Equal(["key.created", "key.deleted"], hub.Audit.Records.Select(record => record.Entry.Action));
        Assert.All(hub.Audit.Records, record => Assert.Equal("127.0.0.1", record.Entry.Address));
    }

    [Fact]
    public async Task Use_AfterItsEnd_IsRefusedEvenWhenRemembered()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var end = hub.Time.GetUtcNow().AddSeconds(10).ToString("O");
        var created = await admin.SendAsync("POST", "/api/keys", $$"""{ "name": "n", "role": "viewer", "expiresAt": "{{end}}" }""");
        using var client = hub.Client(created["key"]);
        Assert.Equal(200, (await client.SendAsync("GET", "/api/connections")).Status);

        hub.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(401, (await client.SendAsync("GET", "/api/connections")).Status);
    }

    [Fact]
    public async Task Use_ManyTimes_AsksTheStoreOncePerCacheTime()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var viewer = await hub.ClientAsync("viewer");
        for (var i = 0; i < 5; i++)
            await viewer.SendAsync("GET", "/api/connections");

        Assert.Equal(1, hub.Keys.Lookups);
        hub.Time.Advance(ApiKeyService.CacheTime);
        await viewer.SendAsync("GET", "/api/connections");
        Assert.Equal(2, hub.Keys.Lookups);
    }

    [Fact]
    public async Task Rotate_BothTextsWorkUntilTheOverlapIsOver()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var created = await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer", "projects": ["shop"] }""");
        using var former = hub.Client(created["key"]);
        Assert.Equal(200, (await former.SendAsync("GET", "/api/connections")).Status);

        var rotated = await admin.SendAsync("POST", $"/api/keys/{created["id"]}/rotate", """{ "overlap": "1h" }""");
        using var present = hub.Client(rotated["key"]);

        Assert.Equal(200, rotated.Status);
        Assert.Equal(created["id"], rotated["id"]);
        Assert.Matches("^hub_[A-Za-z0-9_-]{43}$", rotated["key"]!);
        Assert.NotEqual(created["key"], rotated["key"]);
        Assert.True(rotated.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain(rotated["key"]!, (await admin.SendAsync("GET", "/api/keys")).Text, StringComparison.Ordinal);
        Assert.Equal((200, 200), ((await former.SendAsync("GET", "/api/connections")).Status, (await present.SendAsync("GET", "/api/connections")).Status));

        hub.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal((401, 200), ((await former.SendAsync("GET", "/api/connections")).Status, (await present.SendAsync("GET", "/api/connections")).Status));
    }

    [Fact]
    public async Task Rotate_Again_EndsTheOneBefore_AndWithoutOverlapTheFormerAtOnce()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var first = await admin.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer" }""");
        var second = await admin.SendAsync("POST", $"/api/keys/{first["id"]}/rotate");
        var third = await admin.SendAsync("POST", $"/api/keys/{first["id"]}/rotate", "{}");
        Assert.Equal((401, 200, 200), (await UseAsync(first), await UseAsync(second), await UseAsync(third)));

        var fourth = await admin.SendAsync("POST", $"/api/keys/{first["id"]}/rotate", """{ "overlap": "0s" }""");

        Assert.Equal((401, 401, 200), (await UseAsync(second), await UseAsync(third), await UseAsync(fourth)));
        await admin.SendAsync("DELETE", $"/api/keys/{first["id"]}");
        Assert.Equal(401, await UseAsync(fourth));

        async Task<int> UseAsync(Answer key)
        {
            using var client = hub.Client(key["key"]);
            return (await client.SendAsync("GET", "/api/connections")).Status;
        }
    }

    [Fact]
    public async Task Rotate_ExpiredOrNotValid_IsRefused()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var end = hub.Time.GetUtcNow().AddSeconds(10).ToString("O");
        var key = await admin.SendAsync("POST", "/api/keys", $$"""{ "name": "n", "role": "viewer", "expiresAt": "{{end}}" }""");

        Assert.Equal(["/overlap"], (await admin.SendAsync("POST", $"/api/keys/{key["id"]}/rotate", """{ "overlap": "31d" }""")).Pointers);
        hub.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(409, (await admin.SendAsync("POST", $"/api/keys/{key["id"]}/rotate")).Status);
        Assert.Equal(404, (await admin.SendAsync("POST", "/api/keys/key_none/rotate")).Status);
    }

    [Fact]
    public async Task LimitedAdmin_MakesAndSeesKeysOfItsProjectsOnly()
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();
        var wide = await admin.SendAsync("POST", "/api/keys", """{ "name": "wide", "role": "viewer" }""");
        using var limited = await hub.ClientAsync("admin", "shop");

        Assert.Equal(403, (await limited.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer" }""")).Status);
        Assert.Equal(403, (await limited.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer", "projects": ["shop", "bank"] }""")).Status);
        Assert.Equal(201, (await limited.SendAsync("POST", "/api/keys", """{ "name": "n", "role": "viewer", "projects": ["shop"] }""")).Status);
        Assert.DoesNotContain("wide", (await limited.SendAsync("GET", "/api/keys")).Text, StringComparison.Ordinal);
        Assert.Equal(404, (await limited.SendAsync("DELETE", "/api/keys/" + wide["id"])).Status);
        Assert.Equal(403, (await limited.SendAsync("GET", "/api/audit")).Status);
        Assert.Equal(403, (await limited.SendAsync("GET", "/api/audit/verify")).Status);
    }

    [Theory]
    [InlineData("""{ "name": "", "role": "viewer" }""", "/name")]
    [InlineData("""{ "name": "n", "role": "king" }""", "/role")]
    [InlineData("""{ "name": "n", "role": 99 }""", "/role")]
    [InlineData("""{ "name": "n" }""", "/role")]
    [InlineData("""{ "name": "n", "role": "viewer", "projects": ["a", "../b"] }""", "/projects/1")]
    [InlineData("""{ "name": "n", "role": "viewer", "projects": [null] }""", "/projects/0")]
    [InlineData("""{ "name": "n", "role": "viewer", "expiresAt": "2020-01-01T00:00:00Z" }""", "/expiresAt")]
    [InlineData("""{ "name": "n", "role": "viewer", "expiresAt": "tomorrow" }""", "/expiresAt")]
    [InlineData("""{ "name": "n", "role": "viewer", "project": ["a"] }""", "/project")]
    public async Task Create_NotValid_PointsAtIt(string body, string pointer)
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("POST", "/api/keys", body);

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_request", answer["code"]);
        Assert.Equal([pointer], answer.Pointers);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("201")]
    [InlineData("-1")]
    [InlineData("ten")]
    public async Task List_LimitNotValid_SaysSo(string limit)
    {
        await using var hub = await FeatureHub.StartAsync();
        using var admin = hub.Admin();

        var answer = await admin.SendAsync("GET", "/api/keys?limit=" + limit);

        Assert.Equal(400, answer.Status);
        Assert.Equal(["/limit"], answer.Pointers);
    }
}
