using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed partial class SubscriptionApiTests
{
    [Fact]
    public async Task Create_Valid_ShowsTheSecretOnce()
    {
        await using var hub = await HubServer.StartAsync();
        var (status, created) = await hub.CallAsync("POST", "/api/subscriptions", """{ "pattern": "stripe.**", "environment": "dev", "target": { "kind": "webhook", "url": "https://example.com/hooks?token=abc" } }""", HubRole.Developer, "shop");
        Assert.Equal(201, status);
        var secret = Text(created, "secret")!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.InRange(Convert.FromBase64String(secret["whsec_".Length..]).Length, 24, 64);

        var (_, read) = await hub.CallAsync("GET", $"/api/subscriptions/{Text(created, "id")}", null, HubRole.Developer, "shop");
        Assert.False(read.TryGetProperty("secret", out _));
        Assert.Equal(("stripe.**", "shop", "dev", true), (Text(read, "pattern"), Text(read, "project"), Text(read, "environment"), read.GetProperty("enabled").GetBoolean()));
        var audit = Assert.Single(hub.Audit.Entries);
        Assert.Equal("subscription.created", audit.Action);
        Assert.DoesNotContain("token", audit.Details.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, audit.Details.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "pattern": "a..b", "target": { "kind": "webhook", "url": "https://example.com" } }""", "/pattern")]
    [InlineData("""{ "pattern": null, "target": { "kind": "webhook", "url": "https://example.com" } }""", "/pattern")]
    [InlineData("""{ "target": { "kind": "webhook", "url": "https://example.com" } }""", "/pattern")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "queue", "url": "https://example.com" } }""", "/target/kind")]
    [InlineData("""{ "pattern": "a", "target": null }""", "/target/kind")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "http://example.com" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "ftp://example.com" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "file:///etc/passwd" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "//example.com/x" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "/hooks" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://user:word@example.com" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://example.com/#part" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://127.0.0.1/hooks" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://0x7f000001/hooks" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://[::1]/hooks" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://169.254.169.254/latest" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "target": { "kind": "webhook", "url": "https://example.com/\r\nX: y" } }""", "/target/url")]
    [InlineData("""{ "pattern": "a", "environment": "live", "target": { "kind": "webhook", "url": "https://example.com" } }""", "/environment")]
    public async Task Create_Faulty_NamesThePlace(string body, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var (status, problem) = await hub.CallAsync("POST", "/api/subscriptions", body);
        Assert.Equal(400, status);
        Assert.Contains(problem.GetProperty("errors").EnumerateArray(), error => Text(error, "pointer") == pointer);
        Assert.Empty(await hub.Subscriptions.ListEnabledAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Change_SomeMembers_LeavesTheOthersAndReroutes()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        var (status, changed) = await hub.CallAsync("PATCH", $"/api/subscriptions/{id}", """{ "pattern": "slack.**", "description": null, "environment": "prod" }""");
        Assert.Equal(200, status);
        Assert.Equal(("slack.**", "prod"), (Text(changed, "pattern"), Text(changed, "environment")));
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("description").ValueKind);
        Assert.Equal("https://example.com/hooks", Text(changed.GetProperty("target"), "url"));
        var registry = hub.Get<SubscriptionRegistry>();
        Assert.Single(registry.Match("default", "prod", "slack.message"));
        Assert.Empty(registry.Match("default", "prod", "stripe.charge"));

        await hub.CallAsync("PATCH", $"/api/subscriptions/{id}", """{ "enabled": false }""");
        Assert.Empty(registry.Match("default", "prod", "slack.message"));
        Assert.Equal(400, (await hub.CallAsync("PATCH", $"/api/subscriptions/{id}", """{ "environment": 1 }""")).Status);
        Assert.Equal(400, (await hub.CallAsync("PATCH", $"/api/subscriptions/{id}", """{ "project": "other" }""")).Status);
    }

    [Fact]
    public async Task Delete_AndThenRead_IsNotThere()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        Assert.Equal(204, (await hub.CallAsync("DELETE", $"/api/subscriptions/{id}")).Status);
        Assert.Equal(404, (await hub.CallAsync("GET", $"/api/subscriptions/{id}")).Status);
        Assert.Equal(404, (await hub.CallAsync("DELETE", $"/api/subscriptions/{id}")).Status);
        Assert.Empty(hub.Get<SubscriptionRegistry>().Match("default", "prod", "stripe.charge"));
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("PATCH", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/rotate-secret")]
    [InlineData("POST", "/test")]
    public async Task Call_OnAnotherProjectsSubscription_FindsNothing(string method, string suffix)
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        Assert.Equal(404, (await hub.CallAsync(method, $"/api/subscriptions/{id}{suffix}", method == "PATCH" ? "{}" : null, HubRole.Admin, "other")).Status);
    }

    [Fact]
    public async Task Rotate_Secret_GivesANewOneAndKeepsTheOldForADay()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        var before = await hub.Subscriptions.GetAsync(id, CancellationToken.None);
        var (status, rotated) = await hub.CallAsync("POST", $"/api/subscriptions/{id}/rotate-secret");
        Assert.Equal(200, status);
        Assert.Equal(hub.Time.GetUtcNow() + TimeSpan.FromHours(24), rotated.GetProperty("previousSecretValidUntil").GetDateTimeOffset());

        var after = await hub.Subscriptions.GetAsync(id, CancellationToken.None);
        var secrets = hub.Get<SubscriptionSecrets>();
        var old = Assert.Single(secrets.Open(before!, hub.Time.GetUtcNow()));
        Assert.Equal([Text(rotated, "secret")!, old], secrets.Open(after!, hub.Time.GetUtcNow()));
        Assert.NotEqual(old, Text(rotated, "secret"));
        Assert.Single(secrets.Open(after!, hub.Time.GetUtcNow() + TimeSpan.FromHours(24)));
    }

    [Theory]
    [InlineData("""{ "overlap": "0s" }""", null)]
    [InlineData("""{ "overlap": "90m" }""", 90)]
    [InlineData("{}", 24 * 60)]
    public async Task Rotate_WithAnOverlap_KeepsTheOldSecretForAsLong(string body, int? minutes)
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);

        var (status, rotated) = await hub.CallAsync("POST", $"/api/subscriptions/{id}/rotate-secret", body);

        var after = (await hub.Subscriptions.GetAsync(id, CancellationToken.None))!;
        Assert.Equal((200, hub.Time.GetUtcNow().AddMinutes(minutes ?? 0)), (status, after.PreviousSecretValidUntil ?? hub.Time.GetUtcNow()));
        Assert.Equal(minutes is null ? 1 : 2, hub.Get<SubscriptionSecrets>().Open(after, hub.Time.GetUtcNow()).Length);
        Assert.Equal(minutes is null, after.SealedPreviousSecret is null);
        Assert.Equal(minutes is null, rotated.GetProperty("previousSecretValidUntil").ValueKind == JsonValueKind.Null);
    }

    [Theory]
    [InlineData("""{ "overlap": "soon" }""", "/overlap")]
    [InlineData("""{ "overlap": "31d" }""", "/overlap")]
    [InlineData("""{ "overlap": 0 }""", "/overlap")]
    [InlineData("""{ "overlaps": "0s" }""", "/overlaps")]
    public async Task Rotate_Faulty_NamesThePlaceAndKeepsTheSecret(string body, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);

        var (status, problem) = await hub.CallAsync("POST", $"/api/subscriptions/{id}/rotate-secret", body);

        Assert.Equal((400, pointer), (status, Text(problem.GetProperty("errors")[0], "pointer")));
        Assert.Null((await hub.Subscriptions.GetAsync(id, CancellationToken.None))!.PreviousSecretValidUntil);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(500, false)]
    public async Task Test_OfAnEndpoint_AnswersWhatItSaidAndKeepsNothing(int answer, bool ok)
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(answer);
        await using var hub = await HubServer.StartAsync(new Dictionary<string, string?> { ["Hub:AllowPrivateTargets"] = "true" });
        var (_, created) = await hub.CallAsync("POST", "/api/subscriptions", new { pattern = "**", target = new { kind = "webhook", url = receiver.Url } });

        var (status, result) = await hub.CallAsync("POST", $"/api/subscriptions/{Text(created, "id")}/test");
        var got = await receiver.Received.ReadAsync().Soon();

        Assert.Equal((200, ok, answer), (status, result.GetProperty("ok").GetBoolean(), result.GetProperty("attempt").GetProperty("status").GetInt32()));
        Assert.Equal(DeliveryHarness.Signature(got, Text(created, "secret")!), got.Headers["webhook-signature"]);
        Assert.Equal("hub.test", JsonDocument.Parse(got.Body).RootElement.GetProperty("type").GetString());
        Assert.Empty(hub.Store.Events);
        Assert.Empty(hub.Store.Deliveries);
    }

    private static async Task<string> CreateAsync(HubServer hub)
    {
        var (status, created) = await hub.CallAsync("POST", "/api/subscriptions", """{ "pattern": "stripe.**", "description": "d", "target": { "kind": "webhook", "url": "https://example.com/hooks" } }""");
        Assert.Equal(201, status);
        return Text(created, "id")!;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
