using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>From the provider's signature to the subscriber's, with the vendors' own libraries at both ends.</summary>
public sealed class WebhookFlowTests
{
    private static readonly string OtherSecret = "whsec_" + string.Concat(Enumerable.Repeat("rotated", 4));
    private static readonly string ThirdSecret = "whsec_" + string.Concat(Enumerable.Repeat("another", 4));

    [SkippableFact]
    public async Task Event_SignedByStripesLibrary_IsDeliveredAndVerifiedByStandardWebhooks()
    {
        var node = await NodeToolchain.GetAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateStripeConnectionAsync();
        var (_, secret) = await hub.SubscribeAsync("stripe.payment_intent.*", receiver.Address);
        var body = StripeBody("evt_signed");

        using var answer = await SendAsync(hub, connection, body, await SignAsync(node, body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        var delivery = await receiver.NextAsync();
        using var envelope = JsonDocument.Parse(delivery.Body);
        using var sent = JsonDocument.Parse(body);
        Assert.Equal("stripe.payment_intent.succeeded", envelope.RootElement.GetProperty("type").GetString());
        Assert.Equal("evt_signed", envelope.RootElement.GetProperty("providereventid").GetString());
        Assert.True(JsonElement.DeepEquals(sent.RootElement, envelope.RootElement.GetProperty("data")));
        Assert.True(await SubscriberAcceptsAsync(node, secret, delivery));

        // The library's yes is worth what its no is.
        Assert.False(await SubscriberAcceptsAsync(node, secret, delivery with { Body = Changed(delivery.Body, "2000", "9000") }));
        Assert.False(await SubscriberAcceptsAsync(node, secret[..^4] + "AAA=", delivery));
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task Event_SentFiftyTimesAtOnce_IsStoredAndDeliveredOnce()
    {
        var node = await NodeToolchain.GetAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateStripeConnectionAsync();
        await hub.SubscribeAsync("stripe.**", receiver.Address);
        var body = StripeBody("evt_fifty");
        var signature = await SignAsync(node, body);

        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sends = Enumerable.Range(0, 50).Select(async _ =>
        {
            await start.Task;
            using var answer = await SendAsync(hub, connection, body, signature);
            return answer.StatusCode;
        }).ToList();
        start.SetResult();
        Assert.All(await Task.WhenAll(sends), status => Assert.Equal(HttpStatusCode.OK, status));

        // What comes after it must arrive too: by then a second delivery of the first would have been queued before it.
        var last = StripeBody("evt_after");
        using var after = await SendAsync(hub, connection, last, await SignAsync(node, last));
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        var arrived = new[] { await receiver.NextAsync(), await receiver.NextAsync() };

        Assert.Equal(["evt_after", "evt_fifty"], arrived.Select(ProviderEventId).Order(StringComparer.Ordinal));
        var events = await hub.ListAsync("/api/events");
        Assert.Equal(["evt_after", "evt_fifty"], events.Select(item => item.GetProperty("providerEventId").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(2, (await hub.ListAsync("/api/deliveries")).Count);
        Assert.Equal(2, receiver.Received.Count);
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task Event_ChangedOldOrSignedWithAnotherSecret_IsRefusedAndNotKept()
    {
        var node = await NodeToolchain.GetAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateStripeConnectionAsync();
        var body = StripeBody("evt_hostile");
        var now = TimeProvider.System.GetUtcNow();
        (string What, string Body, string? Signature)[] hostile =
        [
            ("a changed byte", body.Replace("2000", "2001", StringComparison.Ordinal), await SignAsync(node, body)),
            ("six minutes old", body, await SignAsync(node, body, at: now - TimeSpan.FromMinutes(6))),
            ("another secret", body, await SignAsync(node, body, OtherSecret)),
            ("no signature", body, null),
            ("the time of another signature", body, Spliced(await SignAsync(node, body, at: now - TimeSpan.FromMinutes(6)), now)),
        ];

        foreach (var (what, sent, signature) in hostile)
        {
            using var answer = await SendAsync(hub, connection, sent, signature);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{what}: {answer.StatusCode}");
        }

        Assert.Empty(await hub.ListAsync("/api/events"));
        using var genuine = await SendAsync(hub, connection, body, await SignAsync(node, body));
        Assert.Equal(HttpStatusCode.OK, genuine.StatusCode);
        Assert.Single(await hub.ListAsync("/api/events"));
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task Event_AfterTheSecretWasRotated_IsAcceptedWithTheOldOneDuringTheOverlapOnly()
    {
        var node = await NodeToolchain.GetAsync();
        await using var hub = await HubProcess.StartAsync();
        var connection = await hub.CreateStripeConnectionAsync();

        async Task<HttpStatusCode> StatusAsync(string id, string secret)
        {
            var body = StripeBody(id);
            using var answer = await SendAsync(hub, connection, body, await SignAsync(node, body, secret));
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync("evt_before", HubApi.StripeWebhookSecret));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("evt_early", OtherSecret));

        await hub.PostAsync($"/api/connections/{connection}/rotate", new { config = new { webhookSecret = OtherSecret } });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("evt_new", OtherSecret));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("evt_old", HubApi.StripeWebhookSecret));

        await hub.PostAsync($"/api/connections/{connection}/rotate", new { config = new { webhookSecret = ThirdSecret }, overlap = "0s" });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("evt_newest", ThirdSecret));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("evt_too_late", OtherSecret));

        Assert.Equal(
            ["evt_before", "evt_new", "evt_newest", "evt_old"],
            (await hub.ListAsync("/api/events")).Select(item => item.GetProperty("providerEventId").GetString()!).Order(StringComparer.Ordinal));
        await StopAsync(hub);
    }

    [SkippableFact]
    public async Task DeadLetter_ReplayedOnceTheEndpointWorks_IsDelivered()
    {
        var node = await NodeToolchain.GetAsync();
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = _ => 500;
        await using var hub = await HubProcess.StartAsync(variables: new Dictionary<string, string> { ["HUB_DELIVERY__SCHEDULE__0"] = "00:00:00.020", ["HUB_DELIVERY__SCHEDULE__1"] = "00:00:00.020" });
        var connection = await hub.CreateStripeConnectionAsync();
        var (_, secret) = await hub.SubscribeAsync("stripe.**", receiver.Address);
        var body = StripeBody("evt_dead");
        using (var answer = await SendAsync(hub, connection, body, await SignAsync(node, body)))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        var dead = await hub.EventuallyAsync("/api/dead-letters", page => page.GetProperty("items").GetArrayLength() == 1);
        var id = dead.GetProperty("items")[0].GetProperty("id").GetString()!;
        var tries = new[] { await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync() };
        Assert.Equal(3, receiver.Received.Count);
        var details = await hub.GetAsync($"/api/deliveries/{id}");
        Assert.Equal(["500", "500", "500"], details.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetInt32().ToString(CultureInfo.InvariantCulture)));

        receiver.Answer = _ => 200;
        var replay = await hub.PostAsync($"/api/dead-letters/{id}/replay", new { });
        var again = await receiver.NextAsync();
        Assert.True(await SubscriberAcceptsAsync(node, secret, again));

        // The subscriber can tell that it is the same event.
        Assert.Single(tries.Append(again).Select(request => request.Headers["webhook-id"]).Distinct());
        Assert.All(tries, attempt => Assert.Equal(again.Body, attempt.Body));
        var replayed = replay.GetProperty("id").GetString()!;
        Assert.NotEqual(id, replayed);
        await hub.EventuallyAsync($"/api/deliveries/{replayed}", delivery => delivery.GetProperty("delivery").GetProperty("status").GetString() == "delivered");
        var first = await hub.GetAsync($"/api/deliveries/{id}");
        Assert.Equal([replayed], first.GetProperty("replayedBy").EnumerateArray().Select(item => item.GetString()!));

        // Replaying all of them skips what was replayed.
        Assert.Empty((await hub.PostAsync("/api/dead-letters/replay", new { })).GetProperty("deliveries").EnumerateArray());
        Assert.Equal(4, receiver.Received.Count);
        await StopAsync(hub);
    }

    private static string StripeBody(string id) => Encoding.UTF8.GetString(HubApi.StripeEvent(id)).Replace("\"livemode\":false", "\"livemode\":false,\"note\":\"شكرًا – ça va 👍\"", StringComparison.Ordinal);

    private static string ProviderEventId(ReceivedRequest delivery)
    {
        using var envelope = JsonDocument.Parse(delivery.Body);
        return envelope.RootElement.GetProperty("providereventid").GetString()!;
    }

    private static byte[] Changed(byte[] body, string from, string to) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(from, to, StringComparison.Ordinal));

    private static string Spliced(string signature, DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"t={time.ToUnixTimeSeconds()}{signature[signature.IndexOf(',', StringComparison.Ordinal)..]}");

    private static async Task<string> SignAsync(NodeToolchain node, string body, string? secret = null, DateTimeOffset? at = null)
    {
        var now = (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds();
        var answers = await node.RunAsync("webhooks.mjs", new[] { new { provider = "stripe", action = "sign", body, secret = secret ?? HubApi.StripeWebhookSecret, now } });
        return answers[0].GetProperty("headers").GetProperty("Stripe-Signature").GetString()!;
    }

    private static async Task<bool> SubscriberAcceptsAsync(NodeToolchain node, string secret, ReceivedRequest delivery)
    {
        var answers = await node.RunAsync(
            "webhooks.mjs",
            new[] { new { provider = "standardwebhooks", action = "verify", body = Encoding.UTF8.GetString(delivery.Body), secret, headers = delivery.Headers } });
        return answers[0].GetProperty("ok").GetBoolean();
    }

    private static async Task<HttpResponseMessage> SendAsync(HubProcess hub, string connection, string body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hub.Address, $"/v1/webhooks/stripe/{connection}"))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { { "Content-Type", "application/json; charset=utf-8" } } },
        };
        if (signature is not null)
            request.Headers.Add("Stripe-Signature", signature);

        return await hub.Client.SendAsync(request);
    }

    private static async Task StopAsync(HubProcess hub)
    {
        await hub.StopAsync();
        hub.DeleteData();
    }
}
