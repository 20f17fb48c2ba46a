using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed partial class SubscriptionApiTests
{
    private const string Target = """ "target": { "kind": "webhook", "url": "https://example.com/hooks" } """;

    [Fact]
    public async Task Create_WithSettings_KeepsThemAndHidesTheHeaders()
    {
        await using var hub = await HubServer.StartAsync();
        var (status, created) = await hub.CallAsync("POST", "/api/subscriptions", $$"""
            { "pattern": "acme.**", {{Target}}, "filter": { "/data/amount": { "gte": 5 } }, "transform": { "template": { "a": "{/data/amount}" } }, "orderBy": "/data/customer",
              "delivery": { "concurrency": 3, "rate": 2.5, "timeoutSeconds": 10 }, "headers": { "Authorization": "Bearer hidden", "X-Tenant": "t1" } }
            """);
        Assert.Equal(201, status);
        var id = Text(created, "id")!;

        var (_, read) = await hub.CallAsync("GET", $"/api/subscriptions/{id}");
        Assert.Equal(5, read.GetProperty("filter").GetProperty("/data/amount").GetProperty("gte").GetInt32());
        Assert.Equal("{/data/amount}", read.GetProperty("transform").GetProperty("template").GetProperty("a").GetString());
        Assert.Equal("/data/customer", Text(read, "orderBy"));
        Assert.Equal("""{"concurrency":3,"rate":2.5,"timeoutSeconds":10}""", read.GetProperty("delivery").GetRawText());
        Assert.Equal("""{"Authorization":"••••","X-Tenant":"••••"}""", read.GetProperty("headers").GetRawText());

        var kept = (await hub.Subscriptions.GetAsync(id, CancellationToken.None))!;
        Assert.Equal("Bearer hidden", hub.Get<SubscriptionSecrets>().OpenHeaders(kept)["authorization"]);
        Assert.DoesNotContain("hidden", JsonSerializer.Serialize(kept.Settings), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", string.Concat(hub.Audit.Entries.Select(entry => entry.Details.GetRawText())), StringComparison.Ordinal);
        Assert.Equal(["Authorization", "X-Tenant"], kept.Settings.Headers!);
    }

    [Fact]
    public async Task Patch_Settings_ChangesWhatIsGivenAndNullClears()
    {
        await using var hub = await HubServer.StartAsync();
        var (_, created) = await hub.CallAsync("POST", "/api/subscriptions", $$"""
            { "pattern": "acme.**", {{Target}}, "filter": { "/type": "x" }, "orderBy": "subject", "delivery": { "concurrency": 3, "rate": 2.5 }, "headers": { "X-A": "1", "X-B": "2" } }
            """);
        var path = $"/api/subscriptions/{Text(created, "id")}";

        var (status, changed) = await hub.CallAsync("PATCH", path, """{ "delivery": { "rate": null, "timeoutSeconds": 5 }, "headers": { "x-a": null, "X-B": "••••", "X-C": "3" }, "transform": { "template": "hi" } }""");
        Assert.Equal(200, status);
        Assert.Equal("""{"concurrency":3,"rate":null,"timeoutSeconds":5}""", changed.GetProperty("delivery").GetRawText());
        Assert.Equal("""{"X-B":"••••","X-C":"••••"}""", changed.GetProperty("headers").GetRawText());
        Assert.Equal("subject", Text(changed, "orderBy"));
        Assert.Equal("x", changed.GetProperty("filter").GetProperty("/type").GetString());
        var kept = (await hub.Subscriptions.GetAsync(Text(created, "id")!, CancellationToken.None))!;
        var headers = hub.Get<SubscriptionSecrets>().OpenHeaders(kept);
        Assert.Equal(("2", "3", 2), (headers["X-B"], headers["X-C"], headers.Count));

        (status, changed) = await hub.CallAsync("PATCH", path, """{ "delivery": null, "headers": null, "transform": null, "filter": null, "orderBy": null }""");
        Assert.Equal(200, status);
        foreach (var name in new[] { "delivery", "headers", "transform", "filter", "orderBy" })
            Assert.Equal(JsonValueKind.Null, changed.GetProperty(name).ValueKind);
        Assert.Null((await hub.Subscriptions.GetAsync(Text(created, "id")!, CancellationToken.None))!.SealedSettings);
    }

    [Theory]
    [InlineData(""" "filter": { "/data/a": { "$gt": 1 } } """, "/filter/~1data~1a/$gt")]
    [InlineData(""" "filter": [] """, "/filter")]
    [InlineData(""" "transform": { "template": "{params.x}" } """, "/transform/template")]
    [InlineData(""" "orderBy": "customer" """, "/orderBy")]
    [InlineData(""" "orderBy": "/customer" """, "/orderBy")]
    [InlineData(""" "delivery": { "concurrency": 0 } """, "/delivery/concurrency")]
    [InlineData(""" "delivery": { "rate": 0 } """, "/delivery/rate")]
    [InlineData(""" "delivery": { "timeoutSeconds": 31 } """, "/delivery/timeoutSeconds")]
    [InlineData(""" "headers": { "webhook-id": "x" } """, "/headers/webhook-id")]
    [InlineData(""" "headers": { "Host": "x" } """, "/headers/Host")]
    [InlineData(""" "headers": { "content-length": "5" } """, "/headers/content-length")]
    [InlineData(""" "headers": { "Transfer-Encoding": "x" } """, "/headers/Transfer-Encoding")]
    [InlineData(""" "headers": { "X A": "x" } """, "/headers/X A")]
    [InlineData(""" "headers": { "X-A": "a\r\nX-B: b" } """, "/headers/X-A")]
    [InlineData(""" "headers": { "X-A": "••••" } """, "/headers/X-A")]
    [InlineData(""" "headers": { "X-A": "1", "x-a": "2" } """, "/headers/x-a")]
    public async Task Create_FaultySettings_SaysWhere(string settings, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var (status, problem) = await hub.CallAsync("POST", "/api/subscriptions", $$"""{ "pattern": "acme.**", {{Target}}, {{settings}} }""");
        Assert.Equal(400, status);
        Assert.Equal(pointer, Text(Assert.Single(problem.GetProperty("errors").EnumerateArray()), "pointer"));
        Assert.Empty(await hub.Subscriptions.ListEnabledAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("""{ "delivery": { "speed": 1 } }""", "/delivery/speed")]
    [InlineData("""{ "delivery": { "concurrency": 1.5 } }""", "/delivery/concurrency")]
    [InlineData("""{ "delivery": 5 }""", "/delivery")]
    [InlineData("""{ "headers": [] }""", "/headers")]
    [InlineData("""{ "headers": { "X": 5 } }""", "/headers/X")]
    [InlineData("""{ "headers": { "X": "••••" } }""", "/headers/X")]
    [InlineData("""{ "orderBy": 5 }""", "/orderBy")]
    [InlineData("""{ "target": { "colour": "red" } }""", "/target/colour")]
    [InlineData("""{ "target": { "kind": "queue" } }""", "/target/kind")]
    public async Task Patch_FaultySettings_SaysWhereAndChangesNothing(string patch, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        var before = await hub.Subscriptions.GetAsync(id, CancellationToken.None);
        var (status, problem) = await hub.CallAsync("PATCH", $"/api/subscriptions/{id}", patch);
        Assert.Equal(400, status);
        Assert.Equal(pointer, Text(Assert.Single(problem.GetProperty("errors").EnumerateArray()), "pointer"));
        Assert.Same(before, await hub.Subscriptions.GetAsync(id, CancellationToken.None));
    }

    [Fact]
    public async Task Preview_OfASample_SaysWhatMatchesAndWhatWouldBeSent()
    {
        await using var hub = await HubServer.StartAsync();
        const string rest = """ "pattern": "acme.*", "orderBy": "/data/customer", "transform": { "template": { "a": "{/data/amount}" } }, "sample": { "type": "acme.paid", "data": { "amount": 7, "customer": "c1" } } """;
        var (status, shown) = await hub.CallAsync("POST", "/api/subscriptions/preview", $$"""{ "filter": { "/data/amount": { "gte": 5 } }, {{rest}} }""");
        Assert.Equal((200, true, "c1"), (status, shown.GetProperty("matches").GetBoolean(), Text(shown, "orderKey")));
        Assert.Equal(("""{"a":7}""", "application/json; charset=utf-8"), (Text(shown.GetProperty("sends"), "body"), Text(shown.GetProperty("sends"), "contentType")));

        (_, shown) = await hub.CallAsync("POST", "/api/subscriptions/preview", $$"""{ "filter": { "/data/amount": { "gte": 8 } }, {{rest}} }""");
        Assert.False(shown.GetProperty("matches").GetBoolean());
        Assert.Equal("/filter/~1data~1amount/gte", Text(Assert.Single(shown.GetProperty("failed").EnumerateArray()), "pointer"));
        Assert.Empty(hub.Store.Events);
        Assert.Empty(await hub.Subscriptions.ListEnabledAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Preview_OfAKeptSubscriptionAndEvent_UsesBoth()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await CreateAsync(hub);
        var (_, published) = await hub.CallAsync("POST", "/api/events", """{ "type": "order.paid", "data": { "amount": 7 } }""");
        var eventId = Text(published, "id");

        var (status, shown) = await hub.CallAsync("POST", "/api/subscriptions/preview", $$"""{ "subscription": "{{id}}", "event": "{{eventId}}", "transform": { "template": "{/subject|iso}x" } }""");
        Assert.Equal(200, status);
        Assert.Equal("/pattern", Text(Assert.Single(shown.GetProperty("failed").EnumerateArray()), "pointer"));
        Assert.Contains("/transform/template", Text(shown, "error"), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("sends").ValueKind);

        Assert.Equal(404, (await hub.CallAsync("POST", "/api/subscriptions/preview", $$"""{ "event": "{{eventId}}" }""", HubRole.Developer, "other")).Status);
        Assert.Equal(404, (await hub.CallAsync("POST", "/api/subscriptions/preview", $$"""{ "subscription": "{{id}}", "sample": { "type": "a.b" } }""", HubRole.Developer, "other")).Status);
        Assert.Equal(400, (await hub.CallAsync("POST", "/api/subscriptions/preview", "{}")).Status);
        Assert.Equal(400, (await hub.CallAsync("POST", "/api/subscriptions/preview", """{ "sample": { "type": "a.*" } }""")).Status);
        Assert.Equal(403, (await hub.CallAsync("POST", "/api/subscriptions/preview", "{}", HubRole.Viewer)).Status);
    }

    [Fact]
    public async Task Test_WithAnEvent_SendsThatEventAndSaysWhatWouldKeepItAway()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(new Dictionary<string, string?> { ["Hub:AllowPrivateTargets"] = "true" });
        var (_, created) = await hub.CallAsync("POST", "/api/subscriptions", $$"""
            { "pattern": "**", "target": { "kind": "webhook", "url": "{{receiver.Url}}" }, "filter": { "/data/amount": 1 }, "transform": { "template": "{/data/amount}!" } }
            """);
        var (_, published) = await hub.CallAsync("POST", "/api/events", """{ "type": "order.paid", "data": { "amount": 7 } }""");

        var (status, result) = await hub.CallAsync("POST", $"/api/subscriptions/{Text(created, "id")}/test", $$"""{ "event": "{{Text(published, "id")}}" }""");
        var got = await receiver.Received.ReadAsync().Soon();

        Assert.Equal((200, true), (status, result.GetProperty("ok").GetBoolean()));
        Assert.Equal("7!", System.Text.Encoding.UTF8.GetString(got.Body));
        Assert.Equal(("text/plain; charset=utf-8", "true", Text(published, "id")), (got.Headers["Content-Type"], got.Headers["webhook-replay"], got.Headers["webhook-id"]));
        Assert.Equal("/filter/~1data~1amount", Text(Assert.Single(result.GetProperty("failed").EnumerateArray()), "pointer"));
        Assert.Equal(404, (await hub.CallAsync("POST", $"/api/subscriptions/{Text(created, "id")}/test", """{ "event": "evt_none" }""")).Status);
    }
}
