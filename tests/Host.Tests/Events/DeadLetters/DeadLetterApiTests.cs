using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Events.Replays;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Events.DeadLetters;

public sealed class DeadLetterApiTests
{
    private static readonly Dictionary<string, string?> Local = new() { ["Hub:AllowPrivateTargets"] = "true", ["Hub:Delivery:Jitter"] = "0", ["Hub:Delivery:Schedule:0"] = "00:00:01" };

    [Fact]
    public async Task DeadLetter_WithItsContext_SaysWhyWhereAndWhatWasTried()
    {
        await using var receiver = await EventReceiver.StartAsync();
        receiver.AnswerWith(500);
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "app.**"));
        var id = await PublishUntilDeadAsync(hub, "order.created");

        var (status, letter) = await hub.CallAsync("GET", $"/api/dead-letters/{id}", null, HubRole.Operator);

        Assert.Equal(200, status);
        var dead = letter.GetProperty("deadLetter");
        Assert.Equal(("answer", 500, 1), (Text(dead, "step"), dead.GetProperty("answerStatus").GetInt32(), letter.GetProperty("similar").GetInt32()));
        Assert.Equal(("app.order.created", "webhook"), (Text(letter.GetProperty("event"), "type"), Text(letter.GetProperty("target"), "kind")));
        Assert.Equal(["answer", "answer"], letter.GetProperty("attempts").EnumerateArray().Select(attempt => Text(attempt, "step")));

        var (_, groups) = await hub.CallAsync("GET", $"/api/dead-letters/groups?subscription={Text(subscription, "id")}", null, HubRole.Operator);
        var group = Assert.Single(groups.GetProperty("items").EnumerateArray());
        Assert.Equal((Text(dead, "fingerprint"), 1, 1), (Text(group, "fingerprint"), group.GetProperty("count").GetInt32(), group.GetProperty("open").GetInt32()));
    }

    [Fact]
    public async Task Exhausted_IsToldToThoseWhoAsk_AndNotOfTheHubsOwnEvents()
    {
        await using var failing = await EventReceiver.StartAsync();
        failing.AnswerWith(500);
        await using var listening = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        await hub.CallAsync("POST", "/api/subscriptions", Subscribe(failing.Url, "**"));
        await hub.CallAsync("POST", "/api/subscriptions", Subscribe(listening.Url, "hub.delivery.*"));

        var id = await PublishUntilDeadAsync(hub, "order.created");
        var told = JsonDocument.Parse((await listening.Received.ReadAsync().Soon()).Body).RootElement;

        Assert.Equal(("hub.delivery.exhausted", id), (Text(told, "type"), Text(told, "subject")));
        Assert.Equal((id, "app.order.created", "answer"), (Text(told.GetProperty("data"), "delivery"), Text(told.GetProperty("data"), "eventType"), Text(told.GetProperty("data"), "step")));

        // The failing endpoint gets that event as well, and fails: of this nobody is told, or it would never end.
        await EventuallyAsync(hub, letters => letters.Count == 2);
        var worker = hub.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<DeadLetterWorker>().Single();
        Assert.Equal(0, await worker.TellAsync(CancellationToken.None));
        Assert.Single(hub.Store.Events, one => one.Type == "hub.delivery.exhausted");
    }

    [Fact]
    public async Task Replay_ByFingerprint_IsAJobThatMakesEachOnceAndMarksIt()
    {
        await using var receiver = await EventReceiver.StartAsync();
        await using var hub = await HubServer.StartAsync(Local, workers: true);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe(receiver.Url, "app.**"));
        await BuryAsync(hub, Text(subscription, "id")!, 3);
        var (_, groups) = await hub.CallAsync("GET", "/api/dead-letters/groups");
        var fingerprint = Text(groups.GetProperty("items")[0], "fingerprint");
        var (status, started) = await hub.CallAsync("POST", "/api/replays", new { project = "default", filter = new { fingerprint }, ratePerSecond = 1000 }, HubRole.Operator);
        for (var i = 0; i < 3; i++)
            Assert.Equal("true", (await receiver.Received.ReadAsync().Soon()).Headers["webhook-replay"]);

        Assert.Equal((202, 3), (status, started.GetProperty("total").GetInt32()));
        var done = started;
        while (Text(done, "state") == "running")
        {
            hub.Time.Advance(TimeSpan.FromSeconds(1));
            (_, done) = await hub.CallAsync("GET", $"/api/replays/{Text(started, "id")}");
        }

        Assert.Equal(("completed", 3), (Text(done, "state"), done.GetProperty("made").GetInt32()));
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "replay.started" && entry.Target == Text(started, "id"));
        var (conflict, _) = await hub.CallAsync("POST", $"/api/replays/{Text(started, "id")}/cancel");
        Assert.Equal(409, conflict);
        var (_, again) = await hub.CallAsync("POST", "/api/replays", new { project = "default", filter = new { fingerprint } });
        Assert.Equal(0, again.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Replay_AtARate_FeedsNoFasterAndCanBeCancelled()
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe("http://127.0.0.1:9/", "app.**"));
        await BuryAsync(hub, Text(subscription, "id")!, 10);
        using var worker = new ReplayWorker(hub.Get<IReplayStore>(), hub.Get<ReplaySignal>(), hub.Get<DeliverySignal>(), hub.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger<ReplayWorker>.Instance);
        var (_, started) = await hub.CallAsync("POST", $"/api/subscriptions/{Text(subscription, "id")}/recover", new { since = hub.Time.GetUtcNow().AddHours(-1), ratePerSecond = 10 }, HubRole.Operator);
        var id = Text(started, "id")!;

        // A step is a fifth of a second.
        Assert.Equal(TimeSpan.FromSeconds(0.2), await worker.StepAllAsync(CancellationToken.None));
        Assert.Equal(TimeSpan.FromSeconds(0.2), await worker.StepAllAsync(CancellationToken.None));
        Assert.Equal(2, hub.Store.Deliveries.Count(delivery => delivery.Status == DeliveryStatus.Pending));
        hub.Time.Advance(TimeSpan.FromSeconds(0.2));
        await worker.StepAllAsync(CancellationToken.None);
        Assert.Equal(4, hub.Store.Deliveries.Count(delivery => delivery.Status == DeliveryStatus.Pending));

        var (status, cancelled) = await hub.CallAsync("POST", $"/api/replays/{id}/cancel", null, HubRole.Operator);
        hub.Time.Advance(TimeSpan.FromSeconds(5));
        await worker.StepAllAsync(CancellationToken.None);
        Assert.Equal((200, "cancelled", 4), (status, Text(cancelled, "state"), cancelled.GetProperty("made").GetInt32()));
        Assert.Equal(4, hub.Store.Deliveries.Count(delivery => delivery.Status == DeliveryStatus.Pending));
    }

    [Fact]
    public async Task Recover_Since_LeavesWhatFailedBefore()
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe("http://127.0.0.1:9/", "app.**"));
        var id = Text(subscription, "id")!;
        await BuryAsync(hub, id, 3);
        hub.Time.Advance(TimeSpan.FromHours(1));
        await BuryAsync(hub, id, 2);

        var (status, started) = await hub.CallAsync("POST", $"/api/subscriptions/{id}/recover", new { since = hub.Time.GetUtcNow().AddMinutes(-1) }, HubRole.Operator);

        Assert.Equal((202, 2), (status, started.GetProperty("total").GetInt32()));
    }

    [Theory]
    [InlineData("/api/replays", """{ "ratePerSecond": 0 }""", "/ratePerSecond")]
    [InlineData("/api/replays", """{ "filter": { "step": "nowhere" } }""", "/filter/step")]
    [InlineData("/api/replays", """{ "filter": { "eventType": "a..b" } }""", "/filter/eventType")]
    [InlineData("/api/replays", """{ "filter": { "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" } }""", "/filter/to")]
    [InlineData("/api/replays", """{ "project": "a/b" }""", "/project")]
    [InlineData("/api/dead-letters/replay", """{ "filter": { "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z" } }""", "/filter/to")]
    public async Task Replay_Faulty_NamesThePlace(string path, string body, string pointer)
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (status, problem) = await hub.CallAsync("POST", path, body);
        Assert.Equal((400, pointer), (status, Text(problem.GetProperty("errors")[0], "pointer")));
    }

    [Fact]
    public async Task Replay_ToWhoTakesNothing_IsRefusedAndMakesNothing()
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe("http://127.0.0.1:9/", "app.**"));
        var path = $"/api/subscriptions/{Text(subscription, "id")}";
        await BuryAsync(hub, Text(subscription, "id")!, 1);
        var dead = Assert.Single(hub.Store.Deliveries).Id;

        await hub.CallAsync("PATCH", path, """{ "enabled": false }""");
        var (disabled, _) = await hub.CallAsync("POST", $"/api/dead-letters/{dead}/replay", null, HubRole.Operator);
        await hub.CallAsync("DELETE", path);
        var (deleted, _) = await hub.CallAsync("POST", $"/api/dead-letters/{dead}/replay", null, HubRole.Operator);

        Assert.Equal((409, 409), (disabled, deleted));
        Assert.Single(hub.Store.Deliveries);
    }

    [Fact]
    public async Task Replay_OfOneProject_LeavesThoseOfOthers()
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (_, subscription) = await hub.CallAsync("POST", "/api/subscriptions", Subscribe("http://127.0.0.1:9/", "app.**"));
        await BuryAsync(hub, Text(subscription, "id")!, 2);

        var (_, others) = await hub.CallAsync("POST", "/api/dead-letters/replay", """{ "project": "shop" }""", HubRole.Operator);
        var (_, listed) = await hub.CallAsync("GET", "/api/dead-letters?project=shop", null, HubRole.Operator);
        var (_, own) = await hub.CallAsync("POST", "/api/dead-letters/replay", """{ "project": "default" }""", HubRole.Operator);

        Assert.Equal((0, 0, 2), (others.GetProperty("deliveries").GetArrayLength(), listed.GetProperty("items").GetArrayLength(), own.GetProperty("deliveries").GetArrayLength()));
    }

    [Theory]
    [InlineData("step=nowhere", "/step")]
    [InlineData("stepp=send", "/stepp")]
    [InlineData("replayed=perhaps", "/replayed")]
    [InlineData("eventType=a..b", "/eventType")]
    public async Task DeadLetters_FaultyFilter_NamesThePlace(string query, string pointer)
    {
        await using var hub = await HubServer.StartAsync(Local);
        var (status, problem) = await hub.CallAsync("GET", "/api/dead-letters/groups?" + query);
        Assert.Equal((400, pointer), (status, Text(problem.GetProperty("errors")[0], "pointer")));
    }

    private static async Task BuryAsync(HubServer hub, string subscription, int count)
    {
        for (var i = 0; i < count; i++)
        {
            hub.Time.Advance(TimeSpan.FromMilliseconds(1));
            var one = SomeEvent.Of(hub.Time, "app.order.paid", project: "default");
            await hub.Store.AppendAsync(new EventAppend { Events = [new NewEvent(one, [])], DedupeWindow = TimeSpan.Zero }, CancellationToken.None);
            var now = hub.Time.GetUtcNow();
            await hub.Store.AddAsync(
            [
                new Delivery
                {
                    Id = Host.Http.Ids.New("dlv", now), EventId = one.Id, SubscriptionId = subscription, Project = "default", EventType = one.Type, Status = DeliveryStatus.Dead, Attempts = 1,
                    NextAttemptAt = now, CreatedAt = now, Reason = "gone",
                },
            ], CancellationToken.None);
        }
    }

    private static async Task<string> PublishUntilDeadAsync(HubServer hub, string type)
    {
        var (status, _) = await hub.CallAsync("POST", "/api/events", $$"""{ "type": "{{type}}", "data": {} }""");
        Assert.Equal(201, status);
        var letters = await EventuallyAsync(hub, letters => letters.Count > 0);
        return Text(letters[0], "id")!;
    }

    private static async Task<List<JsonElement>> EventuallyAsync(HubServer hub, Func<List<JsonElement>, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            var (_, list) = await hub.CallAsync("GET", "/api/dead-letters");
            var letters = list.GetProperty("items").EnumerateArray().ToList();
            if (condition(letters))
                return letters;

            // While an attempt is under way the clock stands still, or a slow machine would make a timeout of it.
            if (!hub.Store.IsAnyLeased)
                hub.Time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static object Subscribe(string url, string pattern) => new { pattern, target = new { kind = "webhook", url } };

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
