using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events;

public sealed class EventApiTests
{
    private static readonly Dictionary<string, string?> Local = new() { ["Hub:AllowPrivateTargets"] = "true", ["Hub:Delivery:Jitter"] = "0" };

    [Fact]
    public async Task Publish_AnAppEvent_IsPrefixedStoredAuditedAndDelivered()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "app.order.*"));

        var (status, created) = await hub.CallAsync("POST", "/api/events", """{ "type": "order.created", "data": {"n":1.50}, "subject": "o_1", "id": "my-1" }""", HubRole.Developer);
        var got = await receiver.Received.ReadAsync().Soon();

        Assert.Equal(201, status);
        Assert.Equal(("app.order.created", "/projects/default", "app", "my-1"), (Text(created, "type"), Text(created, "source"), Text(created, "provider"), Text(created, "providereventid")));
        Assert.Equal("""{"n":1.50}""", created.GetProperty("data").GetRawText());
        Assert.Equal(DeliveryHarness.Signature(got, Text(subscription, "secret")!), got.Headers["webhook-signature"]);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "event.published" && entry.Target == Text(created, "id"));

        var (again, same) = await hub.CallAsync("POST", "/api/events", """{ "type": "order.created", "data": {}, "id": "my-1" }""", HubRole.Developer);
        Assert.Equal((200, Text(created, "id")), (again, Text(same, "id")));
    }

    [Theory]
    [InlineData("""{ "data": {} }""", "/type")]
    [InlineData("""{ "type": "a" }""", "/data")]
    [InlineData("""{ "type": "", "data": 1 }""", "/type")]
    [InlineData("""{ "type": "a..b", "data": 1 }""", "/type")]
    [InlineData("""{ "type": "a.*", "data": 1 }""", "/type")]
    [InlineData("""{ "type": "a b", "data": 1 }""", "/type")]
    [InlineData("""{ "type": "a", "data": 1, "environment": "production" }""", "/environment")]
    [InlineData("""{ "type": "a", "data": 1, "project": "a/b" }""", "/project")]
    [InlineData("""{ "type": "a", "data": 1, "id": "" }""", "/id")]
    [InlineData("""{ "type": "a", "data": 1, "unknown": 1 }""", "/unknown")]
    [InlineData("""[]""", "")]
    [InlineData("""{""", "")]
    public async Task Publish_Faulty_NamesThePlace(string body, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var (status, problem) = await hub.CallAsync("POST", "/api/events", body);
        Assert.Equal(400, status);
        Assert.Contains(problem.GetProperty("errors").EnumerateArray(), error => Text(error, "pointer") == pointer);
        Assert.Empty(hub.Store.Events);
    }

    [Fact]
    public async Task Publish_ToAProjectOfOthers_IsForbidden()
    {
        await using var hub = await HubServer.StartAsync();
        var (status, _) = await hub.CallAsync("POST", "/api/events", """{ "type": "a", "data": 1, "project": "other" }""", HubRole.Developer, "shop");
        Assert.Equal(403, status);
        var (own, created) = await hub.CallAsync("POST", "/api/events", """{ "type": "a", "data": 1 }""", HubRole.Developer, "shop");
        Assert.Equal((201, "shop"), (own, Text(created, "project")));
    }

    [Theory]
    [InlineData("/api/events", "", 2)]
    [InlineData("/api/events", "?project=shop", 1)]
    [InlineData("/api/events", "?project=blog&type=app.*", 1)]
    [InlineData("/api/events", "?project=none", 0)]
    [InlineData("/api/deliveries", "", 2)]
    [InlineData("/api/deliveries", "?project=shop", 1)]
    [InlineData("/api/deliveries", "?project=none", 0)]
    public async Task List_OfOneProject_ShowsNoOther(string path, string query, int count)
    {
        await using var hub = await HubServer.StartAsync(Local);
        foreach (var project in new[] { "shop", "blog" })
        {
            await hub.CallAsync("POST", "/api/subscriptions", new { pattern = "app.**", project, target = new { kind = "webhook", url = "http://127.0.0.1:9/" } });
            await hub.CallAsync("POST", "/api/events", new { type = "a", data = 1, project });
        }

        var (_, all) = await hub.CallAsync("GET", path + query);
        var (_, limited) = await hub.CallAsync("GET", path + query, null, HubRole.Operator, "blog");

        Assert.Equal(count, all.GetProperty("items").GetArrayLength());
        Assert.All(limited.GetProperty("items").EnumerateArray(), item => Assert.Equal("blog", Text(item, "project")));
        Assert.Equal(query.Contains("shop", StringComparison.Ordinal) || query.Contains("none", StringComparison.Ordinal) ? 0 : 1, limited.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Get_WhoseDeliveryFailedInArabic_ShowsItReadably()
    {
        await using var hub = await HubServer.StartAsync(Local);
        await hub.CallAsync("POST", "/api/subscriptions", new { pattern = "app.**", target = new { kind = "webhook", url = "http://127.0.0.1:9/" } });
        var (_, created) = await hub.CallAsync("POST", "/api/events", """{ "type": "a", "data": 1, "subject": "طلب" }""");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/events/{Text(created, "id")}");
        request.Headers.Add("X-Test-Role", "Admin");

        var text = await (await hub.Client.SendAsync(request)).Content.ReadAsStringAsync();

        Assert.Contains("طلب", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\\u", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfOtherProjects_AreNotThere()
    {
        await using var hub = await HubServer.StartAsync();
        var (_, created) = await hub.CallAsync("POST", "/api/events", """{ "type": "a", "data": 1, "project": "other" }""");
        var id = Text(created, "id");
        foreach (var (method, path) in new[] { ("GET", $"/api/events/{id}"), ("GET", $"/api/events/{id}/raw?reason=support"), ("POST", $"/api/events/{id}/replay") })
            Assert.Equal(404, (await hub.CallAsync(method, path, null, HubRole.Admin, "shop")).Status);

        var (_, list) = await hub.CallAsync("GET", "/api/events", null, HubRole.Viewer, "shop");
        Assert.Empty(list.GetProperty("items").EnumerateArray());
        var (_, all) = await hub.CallAsync("GET", "/api/events?type=app.*&from=2020-01-01", null, HubRole.Viewer);
        Assert.Equal(id, Text(Assert.Single(all.GetProperty("items").EnumerateArray()), "id"));
    }

    [Theory]
    [InlineData("type=a..b", "/type")]
    [InlineData("from=yesterday", "/from")]
    [InlineData("limit=0", "/limit")]
    [InlineData("limit=201", "/limit")]
    public async Task Events_FaultyFilter_NamesThePlace(string query, string pointer)
    {
        await using var hub = await HubServer.StartAsync();
        var (status, problem) = await hub.CallAsync("GET", "/api/events?" + query);
        Assert.Equal((400, pointer), (status, Text(problem.GetProperty("errors")[0], "pointer")));
    }

    [Fact]
    public async Task Raw_WithAReason_IsAuditedAndWhole()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub);

        var (status, raw) = await hub.CallAsync("GET", $"/api/events/{id}/raw?reason=ticket%2042", null, HubRole.Operator);

        Assert.Equal(200, status);
        Assert.Equal(("POST", Webhook), (Text(raw, "method"), Text(raw, "bodyText")));
        Assert.Equal(Webhook, Encoding.UTF8.GetString(Convert.FromBase64String(Text(raw, "bodyBase64")!)));
        Assert.StartsWith("t=", raw.GetProperty("headers").GetProperty("Acme-Signature")[0].GetString(), StringComparison.Ordinal);
        var entry = Assert.Single(hub.Audit.Entries);
        Assert.Equal(("event.raw_read", id, "ticket 42"), (entry.Action, entry.Target, Text(entry.Details, "reason")));
    }

    [Fact]
    public async Task Raw_WithoutARecordInTheAudit_IsNotShown()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub);
        hub.Audit.Broken = true;
        var (status, body) = await hub.CallAsync("GET", $"/api/events/{id}/raw?reason=curious", null, HubRole.Operator);
        Assert.Equal(500, status);
        Assert.False(body.TryGetProperty("bodyText", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?reason=")]
    [InlineData("?reason=ab")]
    [InlineData("?reason=%20%20%20%20")]
    public async Task Raw_WithoutAReason_IsRefused(string query)
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub);
        Assert.Equal(400, (await hub.CallAsync("GET", $"/api/events/{id}/raw{query}", null, HubRole.Operator)).Status);
        Assert.Empty(hub.Audit.Entries);
    }

    [Fact]
    public async Task Raw_Expired_IsGone()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub);
        hub.Time.Advance(TimeSpan.FromDays(7));
        var (status, problem) = await hub.CallAsync("GET", $"/api/events/{id}/raw?reason=ticket", null, HubRole.Operator);
        Assert.Equal((410, "raw_request_expired"), (status, Text(problem, "code")));
        Assert.Empty(hub.Audit.Entries);
    }

    [Fact]
    public async Task Retention_WhenItsTimeComes_DeletesRawRequestsOnly()
    {
        await using var hub = await HubServer.StartAsync(workers: true);
        await hub.Time.WhenTimerIsDueInAsync(new RetentionOptions().Interval).Soon();
        await ReceiveAsync(hub);
        hub.Time.Advance(TimeSpan.FromDays(6));
        Assert.Single(hub.Store.Raws);
        hub.Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(5));

        // The worker's round may still be on its way through other threads; a further tick does no harm.
        using var patience = new CancellationTokenSource(Patience.Limit);
        while (hub.Store.Raws.Count > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            hub.Time.Advance(new RetentionOptions().Interval);
            await Task.Yield();
        }

        Assert.Single(hub.Store.Events, item => item.Provider == "acme");
    }

    [Fact]
    public async Task Replay_OfAnEvent_GoesToWhatMatchesNow()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        var id = await ReceiveAsync(hub);
        Assert.Equal(409, (await hub.CallAsync("POST", $"/api/events/{id}/replay")).Status);

        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "acme.**", "shop"));
        var (status, result) = await hub.CallAsync("POST", $"/api/events/{id}/replay", null, HubRole.Operator);
        Assert.Equal(202, status);
        var first = await receiver.Received.ReadAsync().Soon();
        Assert.Equal(id, first.Headers["webhook-id"]);
        Assert.DoesNotContain("webhook-replay", first.Headers.Keys);
        await hub.Store.Records.ReadAsync().Soon();

        await hub.CallAsync("POST", $"/api/events/{id}/replay", new { subscription = Text(subscription, "id") }, HubRole.Operator);
        var second = await receiver.Received.ReadAsync().Soon();
        Assert.Equal("true", second.Headers["webhook-replay"]);
        Assert.Equal(2, hub.Audit.Entries.Count(entry => entry.Action == "event.replayed"));

        var (_, envelope) = await hub.CallAsync("GET", $"/api/events/{id}", null, HubRole.Viewer);
        Assert.Equal(2, envelope.GetProperty("deliveries").GetArrayLength());
        Assert.Contains(envelope.GetProperty("deliveries").EnumerateArray(), delivery => Text(delivery, "id") == result.GetProperty("deliveries")[0].GetString());
        Assert.Equal(Webhook, envelope.GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task DeadLetter_ReadRetryReplay_TellsTheWholeStory()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.Answer = async (_, context) =>
        {
            context.Response.StatusCode = 410;
            await context.Response.Body.WriteAsync("moved away"u8.ToArray());
        };
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "acme.**", "shop"));
        await ReceiveAsync(hub);
        await hub.Store.Records.ReadAsync().Soon();

        var (_, list) = await hub.CallAsync("GET", "/api/dead-letters?eventType=acme.*.*", null, HubRole.Operator);
        var dead = Assert.Single(list.GetProperty("items").EnumerateArray());
        var id = Text(dead, "id");
        Assert.Contains("410", Text(dead, "reason"), StringComparison.Ordinal);
        Assert.Equal(409, (await hub.CallAsync("POST", $"/api/deliveries/{id}/retry", null, HubRole.Operator)).Status);
        Assert.Equal(404, (await hub.CallAsync("GET", $"/api/deliveries/{id}", null, HubRole.Viewer, "other")).Status);

        receiver.AnswerWith(200);
        var subscription = $"/api/subscriptions/{Text(dead, "subscriptionId")}";
        var (_, gone) = await hub.CallAsync("GET", subscription + "/endpoint");
        Assert.Equal((false, "closed"), (gone.GetProperty("enabled").GetBoolean(), Text(gone, "circuit")));
        Assert.Contains("410", Text(gone, "disabledReason"), StringComparison.Ordinal);
        Assert.Equal(200, (await hub.CallAsync("PATCH", subscription, """{ "enabled": true }""")).Status);
        var (status, replayed) = await hub.CallAsync("POST", $"/api/dead-letters/{id}/replay", null, HubRole.Operator);
        Assert.Equal((202, id), (status, Text(replayed, "replayOf")));
        await hub.Store.Records.ReadAsync().Soon();

        var (_, details) = await hub.CallAsync("GET", $"/api/deliveries/{id}", null, HubRole.Viewer);
        var attempt = Assert.Single(details.GetProperty("attempts").EnumerateArray());
        Assert.Equal((410, "refused", "moved away"), (attempt.GetProperty("status").GetInt32(), Text(attempt, "outcome"), Text(attempt, "responseBody")));
        Assert.Equal(Text(replayed, "id"), details.GetProperty("replayedBy")[0].GetString());
        var (_, bulk) = await hub.CallAsync("POST", "/api/dead-letters/replay", """{ "filter": { "eventType": "acme.**" }, "limit": 10 }""", HubRole.Operator);
        Assert.Equal((0, 1), (bulk.GetProperty("deliveries").GetArrayLength(), bulk.GetProperty("skipped").GetInt32()));
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "dead_letter.replayed" && entry.Target == id);
    }

    [Fact]
    public async Task Retry_OfAPendingDelivery_HappensNow()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(500);
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "acme.**", "shop"));
        await ReceiveAsync(hub);
        await hub.Store.Records.ReadAsync().Soon();
        receiver.AnswerWith(200);

        var (_, pending) = await hub.CallAsync("GET", "/api/deliveries?status=pending", null, HubRole.Viewer);
        var id = Text(Assert.Single(pending.GetProperty("items").EnumerateArray()), "id");
        var (_, endpoint) = await hub.CallAsync("GET", $"/api/subscriptions/{Text(pending.GetProperty("items")[0], "subscriptionId")}/endpoint");
        Assert.Equal((1, "The endpoint answered 500."), (endpoint.GetProperty("consecutiveFailures").GetInt32(), Text(endpoint, "lastError")));
        Assert.Equal(202, (await hub.CallAsync("POST", $"/api/deliveries/{id}/retry", null, HubRole.Operator)).Status);
        Assert.Equal((DeliveryStatus.Delivered, 2), await hub.Store.Records.ReadAsync().Soon() is var record ? (record.Status, record.Attempt.Number) : default);
    }

    [Theory]
    [InlineData("GET", "/api/events/x/raw?reason=support", "Developer")]
    [InlineData("POST", "/api/events/x/replay", "Developer")]
    [InlineData("POST", "/api/events", "Viewer")]
    [InlineData("GET", "/api/subscriptions", "Viewer")]
    [InlineData("POST", "/api/deliveries/x/retry", "Developer")]
    [InlineData("GET", "/api/dead-letters", "Developer")]
    [InlineData("POST", "/api/dead-letters/replay", "Developer")]
    public async Task Call_WithALesserRole_IsForbidden(string method, string path, string role)
    {
        await using var hub = await HubServer.StartAsync();
        Assert.Equal(403, (await hub.CallAsync(method, path, null, Enum.Parse<HubRole>(role))).Status);
    }

    private const string Webhook = """{"id":"a_1","type":"order.paid"}""";

    private static async Task<string> ReceiveAsync(HubServer hub)
    {
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/webhooks/acme/conn_1") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Webhook)) };
        request.Headers.TryAddWithoutValidation(AcmeProvider.SignatureHeader, AcmeProvider.Sign(hub.Time.GetUtcNow(), Encoding.UTF8.GetBytes(Webhook)));
        using var response = await hub.Client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        // Beside the hub's own events: a delivery that fails is told as soon as it has.
        return Assert.Single(hub.Store.Events, item => item.Provider == "acme").Id;
    }

    private static object Subscribe(string url, string pattern, string project = "default") => new { pattern, project, target = new { kind = "webhook", url } };

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
