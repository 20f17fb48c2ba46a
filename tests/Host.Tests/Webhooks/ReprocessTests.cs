using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Tests.Events;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Tests.Webhooks;

public sealed class ReprocessTests
{
    private const string Body = """{"id":"e1","type":"order.paid","subject":"o_1","customer":"c_9","amount":5,"inner":{"amount":5}}""";

    private static readonly EventManifest Newer = new() { Id = ["/id"], Type = ["/type"], Time = ["/created"], Subject = ["/customer"], Data = "/inner" };

    [Fact]
    public async Task DryRun_NewVersion_ShowsTheDifferencesAndStoresNothing()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub, Body);
        hub.Time.Advance(TimeSpan.FromHours(3));
        Replace(hub, Newer);

        var (status, result) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess?dryRun=true", null, HubRole.Operator);

        Assert.Equal((200, "2.0.0", true), (status, Text(result, "pluginVersion"), result.GetProperty("dryRun").GetBoolean()));
        var one = Assert.Single(result.GetProperty("events").EnumerateArray());
        Assert.Equal(("changed", id, null), (Text(one, "change"), Text(one, "eventId"), Text(one, "published")));
        var differences = one.GetProperty("differences").EnumerateArray().ToDictionary(difference => Text(difference, "pointer")!, difference => (Before: difference.GetProperty("before").ToString(), After: difference.GetProperty("after").ToString()));
        Assert.Equal(("o_1", "c_9"), differences["/subject"]);
        Assert.Equal(("e1", ""), differences["/data/id"]);
        Assert.DoesNotContain("/data/amount", differences.Keys);
        Assert.DoesNotContain("/time", differences.Keys);
        Assert.Single(hub.Store.Events);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "event.reprocess_compared" && entry.Target == id);
    }

    [Fact]
    public async Task DryRun_AskedForInTheBody_StoresNothing()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub, Body);
        Replace(hub, Newer);

        var (status, result) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", """{ "dryRun": true }""", HubRole.Operator);
        var (refused, _) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", """{ "dry": true }""", HubRole.Operator);
        var (misspelt, _) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess?dry=true", null, HubRole.Operator);

        Assert.Equal((200, true, "changed"), (status, result.GetProperty("dryRun").GetBoolean(), Text(result.GetProperty("events")[0], "change")));
        Assert.Equal((400, 400), (refused, misspelt));
        Assert.Single(hub.Store.Events);
    }

    [Fact]
    public async Task Reprocess_NewVersion_PublishesTheNewFormOnceMarkedAsReplay()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(new Dictionary<string, string?> { ["Hub:AllowPrivateTargets"] = "true" }, workers: true);
        await hub.CallAsync("POST", "/api/subscriptions", new { pattern = "acme.**", project = "shop", target = new { kind = "webhook", url = receiver.Url } });
        var id = await ReceiveAsync(hub, Body);
        Assert.False((await receiver.Received.ReadAsync().Soon()).Headers.ContainsKey("webhook-replay"));
        Replace(hub, Newer);

        var (_, first) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Operator);
        var got = await receiver.Received.ReadAsync().Soon();
        var (_, second) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Operator);

        var published = Text(first.GetProperty("events")[0], "published")!;
        var envelope = JsonDocument.Parse(got.Body).RootElement;
        Assert.Equal((published, "true"), (got.Headers["webhook-id"], got.Headers["webhook-replay"]));
        Assert.Equal((id, "c_9", """{"amount":5}"""), (Text(envelope, "reprocessof"), Text(envelope, "subject"), envelope.GetProperty("data").GetRawText()));
        Assert.Equal(("unchanged", published), (Text(second.GetProperty("events")[0], "change"), Text(second.GetProperty("events")[0], "eventId")));
        Assert.Equal(2, hub.Store.Events.Count(one => one.Provider == AcmeProvider.Id));
        var (_, third) = await hub.CallAsync("POST", $"/api/events/{published}/reprocess?dryRun=true", null, HubRole.Operator);
        Assert.Equal("unchanged", Text(third.GetProperty("events")[0], "change"));
    }

    [Fact]
    public async Task Reprocess_TheSameVersion_FindsNoDifference()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub, Body);
        var (_, result) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Operator);
        Assert.Equal(("unchanged", 0), (Text(result.GetProperty("events")[0], "change"), result.GetProperty("events")[0].GetProperty("differences").GetArrayLength()));
        Assert.Single(hub.Store.Events);
    }

    [Fact]
    public async Task Reprocess_AVersionThatFindsABatch_TellsOfWhatIsAddedAndWhatIsGone()
    {
        await using var hub = await HubServer.StartAsync();
        var id = await ReceiveAsync(hub, """{"id":"whole","type":"batch","items":[{"id":"a","type":"order.paid"},{"id":"b","type":"order.sent"}]}""");
        Replace(hub, new EventManifest { Batch = "/items", Id = ["/id"], Type = ["/type"] });

        var (_, result) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Operator);

        Assert.Equal(["changed", "added"], result.GetProperty("events").EnumerateArray().Select(one => Text(one, "change")));
        Assert.Equal(3, hub.Store.Events.Count);
        var (_, again) = await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Operator);
        Assert.Equal(["unchanged", "unchanged"], again.GetProperty("events").EnumerateArray().Select(one => Text(one, "change")));
        Assert.Equal(3, hub.Store.Events.Count);
    }

    [Fact]
    public async Task Reprocess_WithoutARawRequest_SaysSo()
    {
        await using var hub = await HubServer.StartAsync();
        var (_, made) = await hub.CallAsync("POST", "/api/events", """{ "type": "a", "data": 1 }""");
        Assert.Equal(404, (await hub.CallAsync("POST", $"/api/events/{Text(made, "id")}/reprocess")).Status);
        var id = await ReceiveAsync(hub, Body);
        hub.Time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(410, (await hub.CallAsync("POST", $"/api/events/{id}/reprocess")).Status);
        Assert.Equal(400, (await hub.CallAsync("POST", $"/api/events/{id}/reprocess?dryRun=maybe")).Status);
        Assert.Equal(403, (await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Developer)).Status);
        Assert.Equal(404, (await hub.CallAsync("POST", $"/api/events/{id}/reprocess", null, HubRole.Admin, "other")).Status);
    }

    [Fact]
    public async Task Refusals_Many_AreToldOnce()
    {
        await using var hub = await HubServer.StartAsync();
        hub.Connections.Add("conn_1", AcmeProvider.Id, new { webhookSecret = AcmeProvider.Secret });
        for (var i = 0; i < 50; i++)
        {
            using var answer = await hub.Client.PostAsync("/v1/webhooks/acme/conn_1", new StringContent("{}"));
            Assert.Equal(401, (int)answer.StatusCode);
            using var unknown = await hub.Client.PostAsync("/v1/webhooks/acme/conn_2", new StringContent("{}"));
        }

        var told = Assert.Single(hub.Store.Events);
        Assert.Equal(("hub.webhook.refused", "conn_1", "shop"), (told.Type, told.Subject, told.Project));
    }

    private static void Replace(HubServer hub, EventManifest found) => ((FakeCatalog)hub.Get<IProviderCatalog>()).Replace(AcmeProvider.Create(hub.Time, "2.0.0", found));

    private static async Task<string> ReceiveAsync(HubServer hub, string body)
    {
        hub.Connections.Add("conn_1", AcmeProvider.Id, new { webhookSecret = AcmeProvider.Secret });
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/webhooks/acme/conn_1?x=1") { Content = new ByteArrayContent(bytes) };
        request.Headers.TryAddWithoutValidation(AcmeProvider.SignatureHeader, AcmeProvider.Sign(hub.Time.GetUtcNow(), bytes));
        using var answer = await hub.Client.SendAsync(request);
        Assert.Equal(202, (int)answer.StatusCode);
        return hub.Store.Events.Single(one => one.Provider == AcmeProvider.Id).Id;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
