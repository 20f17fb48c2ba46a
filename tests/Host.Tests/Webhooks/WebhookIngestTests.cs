using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Tests.Events;
using IntegrationHub.Host.Tests.Fakes;

namespace IntegrationHub.Host.Tests.Webhooks;

public sealed class WebhookIngestTests
{
    private const string Body = """{ "id": "a_1", "type": "order.paid", "created": 1767225500, "subject": "order_7", "amount": 1.10 }""";
    private const string Path = "/v1/webhooks/acme/conn_1";

    [Fact]
    public async Task Webhook_Genuine_IsStoredAndAnsweredAsTheProviderExpects()
    {
        await using var hub = await StartAsync();
        using var request = Request(hub, Body);
        request.Headers.Add("X-Correlation-Id", "corr-1");
        using var response = await hub.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("""{"received":"a_1"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);

        var stored = Assert.Single(hub.Store.Events);
        Assert.Equal(("acme.order.paid", "a_1", "order_7", "conn_1"), (stored.Type, stored.ProviderEventId, stored.Subject, stored.ConnectionId));
        Assert.Equal(("shop", "prod", "acme", "corr-1"), (stored.Project, stored.Environment, stored.Provider, stored.CorrelationId));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1767225500), stored.Time);
        Assert.StartsWith("evt_", stored.Id, StringComparison.Ordinal);
        Assert.Equal(Body, Encoding.UTF8.GetString(new FakeSealer().Open(stored.SealedData.Span, stored.Id)));

        var raw = Assert.Single(hub.Store.Raws);
        Assert.Equal(stored.RequestId, raw.Id);
        Assert.Equal(hub.Time.GetUtcNow() + TimeSpan.FromDays(7), raw.ExpiresAt);
        Assert.True(raw.IsBodyWithEvent);
    }

    [Theory]
    [InlineData(Body + "\n")]
    [InlineData(" " + Body)]
    public async Task Webhook_BodyThatIsMoreThanTheEvent_IsKeptAsItCame(string body)
    {
        await using var hub = await StartAsync();
        using var response = await hub.Client.SendAsync(Request(hub, body));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(body, Encoding.UTF8.GetString(new FakeSealer().Open(hub.Store.Raws[0].SealedBody.Span, hub.Store.Raws[0].Id)));
    }

    [Fact]
    public async Task Webhook_WhileTheStoreHasNotCommitted_IsNotAnswered()
    {
        await using var hub = await StartAsync();
        hub.Store.Block = new TaskCompletionSource();
        using var request = Request(hub, Body);
        var answering = hub.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        await hub.Store.Appending.ReadAsync().Soon();
        Assert.False(answering.IsCompleted);
        Assert.Empty(hub.Store.Events);

        hub.Store.Block.SetResult();
        using var response = await answering.Soon();
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Single(hub.Store.Events);
    }

    [Fact]
    public async Task Webhook_StorageUnavailable_IsAnswered503WithRetryAfter()
    {
        await using var hub = await StartAsync();
        hub.Store.Block = new TaskCompletionSource();
        hub.Store.Block.SetException(new IntegrationHub.Host.Storage.StorageException("The disk that holds hub.db is full."));
        using var response = await hub.Client.SendAsync(Request(hub, Body));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter?.Delta);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Contains("storage_unavailable", text, StringComparison.Ordinal);
        Assert.DoesNotContain("disk", text, StringComparison.Ordinal);
        Assert.Empty(hub.Store.Events);
    }

    [Fact]
    public async Task Webhook_StoreFails_IsNotAcknowledged()
    {
        await using var hub = await StartAsync();
        hub.Store.Block = new TaskCompletionSource();
        hub.Store.Block.SetException(new IOException("The disk is full."));
        using var response = await hub.Client.SendAsync(Request(hub, Body));
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("disk", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_StoreBusy_IsAskedForAgain()
    {
        await using var hub = await StartAsync();
        hub.Store.Busy = true;
        using var response = await hub.Client.SendAsync(Request(hub, Body));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Empty(hub.Store.Events);
    }

    [Fact]
    public async Task Webhook_SentFiftyTimesAtOnce_IsOneEventAndOneDelivery()
    {
        await using var hub = await StartAsync();
        await hub.Subscriptions.AddAsync(SomeEvent.Subscribed("https://example.com").Subscription, CancellationToken.None);
        await hub.Get<SubscriptionRegistry>().LoadAsync(CancellationToken.None);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var response = await hub.Client.SendAsync(Request(hub, Body));
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }));

        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.Accepted, """{"received":"a_1"}"""), answer));
        Assert.Single(hub.Store.Events);
        Assert.Single(hub.Store.Deliveries);
    }

    [Fact]
    public async Task Webhook_SignedWithTheFormerSecret_IsAcceptedWhileItIsValid()
    {
        await using var hub = await StartAsync();
        hub.Connections.Add("conn_2", "acme", new { webhookSecret = "new-secret" }, true, new { webhookSecret = AcmeProvider.Secret });
        using var response = await hub.Client.SendAsync(Request(hub, Body, "/v1/webhooks/acme/conn_2"));
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Fact]
    public async Task Webhook_SenderGone_ChangesNothing()
    {
        await using var hub = await StartAsync();
        hub.Store.Block = new TaskCompletionSource();
        using var patience = new CancellationTokenSource();
        var sending = hub.Client.SendAsync(Request(hub, Body), patience.Token);
        await hub.Store.Appending.ReadAsync().Soon();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        // The event was genuine: it is kept, and the sender's next try is a repetition.
        hub.Store.Block.SetResult();
        using var again = await hub.Client.SendAsync(Request(hub, Body));
        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Single(hub.Store.Events);
    }

    [Fact]
    public async Task Challenge_ByPost_IsAnsweredOnlyWhenVerified()
    {
        await using var hub = await StartAsync();
        const string challenge = """{"type":"url_verification","challenge":"c-123"}""";
        using var signed = await hub.Client.SendAsync(Request(hub, challenge));
        Assert.Equal("c-123", await signed.Content.ReadAsStringAsync());
        Assert.Equal("text/plain", signed.Content.Headers.ContentType?.MediaType);

        using var forged = await hub.Client.PostAsync(Path, new StringContent(challenge));
        Assert.Equal(HttpStatusCode.Unauthorized, forged.StatusCode);
        Assert.Empty(hub.Store.Events);
    }

    [Theory]
    [InlineData("?mode=subscribe&token=verify-me&challenge=c-9", 200, "c-9")]
    [InlineData("?mode=subscribe&token=wrong&challenge=c-9", 400, null)]
    [InlineData("", 400, null)]
    public async Task Challenge_ByGet_NeedsTheToken(string query, int status, string? body)
    {
        await using var hub = await StartAsync();
        using var response = await hub.Client.GetAsync(Path + query);
        Assert.Equal(status, (int)response.StatusCode);
        if (body is not null)
            Assert.Equal(body, await response.Content.ReadAsStringAsync());
        else
            Assert.Contains("no_handshake", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NotFound_WhateverTheReason_LooksTheSame()
    {
        await using var hub = await StartAsync();
        hub.Connections.Add("conn_off", "acme", new { webhookSecret = AcmeProvider.Secret }, enabled: false);
        hub.Connections.Add("conn_mute", "mute", new { });
        var answers = new HashSet<string>();
        foreach (var path in new[] { "acme/conn_none", "other/conn_1", "acme/conn_off", "mute/conn_mute", "unknown/conn_unknown", "acme/" + new string('x', 500) })
        {
            using var request = Request(hub, Body, "/v1/webhooks/" + path);
            request.Headers.Add("X-Correlation-Id", "same");
            using var response = await hub.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            answers.Add(await response.Content.ReadAsStringAsync());
        }

        Assert.Single(answers);
    }

    // Its plugin is quarantined, disabled, broken or gone for the moment: the events are the connection's, and must not be lost.
    [Fact]
    public async Task Webhook_PluginOfTheConnectionDoesNotServe_IsAskedForAgain()
    {
        await using var hub = await StartAsync();
        hub.Connections.Add("conn_gone", "unloaded", new { });
        using var response = await hub.Client.SendAsync(Request(hub, Body, "/v1/webhooks/unloaded/conn_gone"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(1), response.Headers.RetryAfter?.Delta);
        Assert.DoesNotContain("plugin", await response.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(hub.Store.Events);
    }

    [Fact]
    public async Task Connection_CannotBeOpened_IsUnavailableAndSaysNothingMore()
    {
        await using var hub = await StartAsync();
        hub.Connections.CannotOpen = true;
        using var response = await hub.Client.SendAsync(Request(hub, Body));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.DoesNotContain("decrypt", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false, "http://{host}/v1/webhooks/acme/conn_1?a=%2F&b=")]
    [InlineData("https://hub.example.com/base/", false, "https://hub.example.com/base/v1/webhooks/acme/conn_1?a=%2F&b=")]
    [InlineData(null, true, "https://public.example.com/v1/webhooks/acme/conn_1?a=%2F&b=")]
    public async Task Url_IsTheOneThatTheProviderCalled(string? publicUrl, bool trustForwarded, string expected)
    {
        await using var hub = await StartAsync(new()
        {
            ["Hub:PublicUrl"] = publicUrl, ["Hub:Webhooks:TrustForwardedHeaders"] = trustForwarded ? "true" : "false",
        });
        using var request = Request(hub, Body, Path + "?a=%2F&b=");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "public.example.com");
        using var response = await hub.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);

        var raw = Assert.Single(hub.Store.Raws);
        using var head = JsonDocument.Parse(new FakeSealer().Open(raw.SealedHead.Span, raw.Id));
        Assert.Equal(expected.Replace("{host}", hub.Address.Authority, StringComparison.Ordinal), head.RootElement.GetProperty("url").GetString());
    }

    private static async Task<HubServer> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var hub = await HubServer.StartAsync(settings);
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret, verifyToken = "verify-me" });
        return hub;
    }

    private static HttpRequestMessage Request(HubServer hub, string body, string path = Path)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation(AcmeProvider.SignatureHeader, AcmeProvider.Sign(hub.Time.GetUtcNow(), bytes));
        return request;
    }
}
