using System.Text.Json;
using IntegrationHub.Host.Events.Retention;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IntegrationHub.Host.Tests.Events.Retention;

public sealed class RetentionApiTests : IAsyncLifetime
{
    private readonly RealHub hub = new([], "--Hub:Retention:Events", "60.00:00:00", "--Hub:Retention:Projects:archive:Events", "400.00:00:00");
    private HttpClient admin = null!;

    public async Task InitializeAsync()
    {
        await hub.InitializeAsync();
        admin = hub.Bootstrap();
    }

    [Fact]
    public async Task Get_NothingSet_ShowsWhatTheSettingsSay()
    {
        var shop = await admin.SendAsync("GET", "/api/projects/shop/retention");
        var archive = await admin.SendAsync("GET", "/api/projects/archive/retention");

        Assert.Equal((200, "shop", "null"), (shop.Status, shop["project"], shop["changedAt"]));
        Assert.Equal("null null null null", Times(shop, "set"));

        // Deliveries go with their events, however long they might be kept by themselves.
        Assert.Equal("7d 60d 60d 30d", Times(shop, "effective"));
        Assert.Equal("7d 400d 90d 30d", Times(archive, "effective"));
    }

    [Fact]
    public async Task Put_HoldsAtOnceAndAfterTheNextStart_AndDeleteTakesItBack()
    {
        var put = await admin.SendAsync("PUT", "/api/projects/archive/retention", """{ "rawBodies": "0s", "attempts": "48h", "deliveries": null }""");

        Assert.Equal((200, "bootstrap"), (put.Status, put["changedBy"]));
        Assert.Equal("0s null null 2d", Times(put, "set"));
        Assert.Equal("0s 400d 90d 2d", Times(put, "effective"));
        Assert.Equal(put.Text, (await admin.SendAsync("GET", "/api/projects/archive/retention")).Text);
        Assert.Equal(TimeSpan.Zero, hub.Services.GetRequiredService<RetentionRegistry>().Current.RawBodiesOf("archive"));
        Assert.Equal(TimeSpan.FromDays(7), hub.Services.GetRequiredService<RetentionRegistry>().Current.RawBodiesOf("shop"));
        using var later = new RetentionRegistry(hub.Services.GetRequiredService<IProjectRetentionStore>(), Microsoft.Extensions.Options.Options.Create(new Host.Events.RetentionOptions()));
        await later.LoadAsync(CancellationToken.None);
        Assert.Equal(TimeSpan.FromDays(2), later.Current.EffectiveOf("archive").Attempts);

        Assert.Equal((204, 204), ((await admin.SendAsync("DELETE", "/api/projects/archive/retention")).Status, (await admin.SendAsync("DELETE", "/api/projects/archive/retention")).Status));
        Assert.Equal("7d 400d 90d 30d", Times(await admin.SendAsync("GET", "/api/projects/archive/retention"), "effective"));
    }

    [Fact]
    public async Task Changes_AreAuditedWithWhatWasBefore()
    {
        await admin.SendAsync("PUT", "/api/projects/shop/retention", """{ "events": "30d" }""");
        await admin.SendAsync("PUT", "/api/projects/shop/retention", """{ "events": "20d" }""");
        await admin.SendAsync("DELETE", "/api/projects/shop/retention");

        var entries = (await admin.SendAsync("GET", "/api/audit?target=shop")).Json.GetProperty("items").EnumerateArray().Reverse().ToList();

        Assert.Equal(["retention.changed", "retention.changed", "retention.reset"], entries.Select(entry => entry.GetProperty("action").GetString()));
        Assert.Equal(["/30d", "30d/20d", "20d/"], entries.Select(entry => $"{Events(entry, "before")}/{Events(entry, "after")}"));

        static string? Events(JsonElement entry, string when) => entry.GetProperty("details").GetProperty(when).GetProperty("events").GetString();
    }

    [Theory]
    [InlineData("""{ "events": "90" }""", "/events")]
    [InlineData("""{ "events": "59m" }""", "/events")]
    [InlineData("""{ "events": "3651d" }""", "/events")]
    [InlineData("""{ "events": 90 }""", "/events")]
    [InlineData("""{ "rawBodies": "-1d", "attempts": "0s", "deliveries": "soon" }""", "/rawBodies", "/deliveries", "/attempts")]
    [InlineData("""{ "event": "90d" }""", "/event")]
    [InlineData("""{ "deliveries": "61d" }""", "/deliveries")]
    [InlineData("""{ "events": "10d", "deliveries": "11d", "attempts": "12d", "rawBodies": "11d" }""", "/rawBodies", "/deliveries", "/attempts")]
    [InlineData("[]", "")]
    public async Task Put_NotValid_PointsAtEachFault_AndChangesNothing(string body, params string[] pointers)
    {
        var answer = await admin.SendAsync("PUT", "/api/projects/shop/retention", body);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer["code"]));
        Assert.Equal(pointers, answer.Pointers);
        Assert.Equal("null null null null", Times(await admin.SendAsync("GET", "/api/projects/shop/retention"), "set"));
    }

    [Fact]
    public async Task Project_OfAnotherKey_OrOfNoName_IsNotThere()
    {
        using var limited = await hub.AdminAsync("shop");

        Assert.Equal(200, (await limited.SendAsync("PUT", "/api/projects/shop/retention", """{ "events": "30d" }""")).Status);
        foreach (var (method, body) in new[] { ("GET", null), ("PUT", """{ "events": "30d" }"""), ("PUT", """{ "events": "no" }"""), ("DELETE", null) })
            Assert.Equal(404, (await limited.SendAsync(method, "/api/projects/bank/retention", body)).Status);
        Assert.Equal(400, (await admin.SendAsync("GET", "/api/projects/-bank/retention")).Status);
    }

    [Fact]
    public async Task Purge_AfterAChange_FollowsIt()
    {
        var worker = hub.Services.GetServices<IHostedService>().OfType<RetentionWorker>().Single();
        var now = hub.Services.GetRequiredService<TimeProvider>().GetUtcNow();

        await admin.SendAsync("PUT", "/api/projects/shop/retention", """{ "events": "2h" }""");
        await worker.PurgeAsync(CancellationToken.None);

        var own = worker.Walks(now).Single(walk => walk is { Kind: RetentionKind.Events, Only: true } && walk.Concerns("shop"));
        Assert.Equal(now.AddHours(-2), own.Before);
        Assert.False(worker.Walks(now).Single(walk => walk is { Kind: RetentionKind.Events, Only: false }).Concerns("shop"));
    }

    public async Task DisposeAsync()
    {
        admin.Dispose();
        await hub.DisposeAsync();
    }

    private static string Times(Answer answer, string of) => string.Join(
        ' ', new[] { "rawBodies", "events", "deliveries", "attempts" }.Select(name => answer.Json.GetProperty(of).GetProperty(name) is { ValueKind: JsonValueKind.String } time ? time.GetString() : "null"));
}
