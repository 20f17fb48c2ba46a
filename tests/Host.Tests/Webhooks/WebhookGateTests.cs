using System.Net;
using System.Text;
using IntegrationHub.Host.Tests.Events;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Webhooks;

namespace IntegrationHub.Host.Tests.Webhooks;

public sealed class WebhookGateTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Enter_AllPlacesTaken_RefusesUntilOneIsLeft()
    {
        var gate = Gate(new WebhookOptions { ConcurrencyPerConnection = 2 });
        using var first = gate.Enter("conn_1");
        var second = gate.Enter("conn_1");

        Assert.Equal(503, gate.Enter("conn_1").Refusal?.Problem.Status);
        Assert.Null(gate.Enter("conn_2").Refusal);

        second.Dispose();
        Assert.Null(gate.Enter("conn_1").Refusal);
    }

    [Fact]
    public void Enter_Rate_GivesASecondsWorthAndRefillsEvenly()
    {
        var gate = Gate(new WebhookOptions { RatePerConnection = 4 });
        int Let() => Enumerable.Range(0, 10).Count(_ =>
        {
            using var pass = gate.Enter("conn_1");
            return pass.Refusal is null;
        });

        Assert.Equal(4, Let());
        var refusal = gate.Enter("conn_1").Refusal;
        Assert.Equal((429, TimeSpan.FromMilliseconds(250)), (refusal?.Problem.Status, refusal?.Problem.RetryAfter));

        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(2, Let());
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(4, Let());
    }

    [Fact]
    public void Enter_RateBelowOneASecond_LetsOneIn()
    {
        var gate = Gate(new WebhookOptions { RatePerConnection = 0.1 });

        Assert.Null(gate.Enter("conn_1").Refusal);
        Assert.Equal(TimeSpan.FromSeconds(10), gate.Enter("conn_1").Refusal?.Problem.RetryAfter);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(gate.Enter("conn_1").Refusal);
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void Enter_Addresses_AreCountedAsTheyAreHandedOut(string one, string other, bool same)
    {
        var gate = Gate(new WebhookOptions { ConcurrencyPerAddress = 1 });
        using var first = gate.Enter(IPAddress.Parse(one));

        Assert.Equal(same, gate.Enter(IPAddress.Parse(other)).Refusal is not null);
    }

    [Fact]
    public void Enter_ManyAddresses_ForgetsThoseThatAreIdle()
    {
        var gate = Gate(new WebhookOptions { ConcurrencyPerAddress = 1 });
        using var busy = gate.Enter(IPAddress.Parse("198.51.100.7"));
        for (var i = 0; i < 3 * WebhookGate.MaxKeys; i++)
        {
            using var pass = gate.Enter(new IPAddress(0x0A000000 + i));
            Assert.Null(pass.Refusal);
        }

        Assert.NotNull(gate.Enter(IPAddress.Parse("198.51.100.7")).Refusal);
    }

    [Fact]
    public void Enter_AllAddressesBusy_RefusesNewOnesAndRemembersNoMore()
    {
        var gate = Gate(new WebhookOptions { ConcurrencyPerAddress = 1 });
        var passes = Enumerable.Range(0, WebhookGate.MaxKeys).Select(i => gate.Enter(new IPAddress(0x0A000000 + i))).ToList();

        Assert.Equal("busy", gate.Enter(IPAddress.Parse("198.51.100.7")).Refusal?.Problem.Code);
        passes[0].Dispose();
        Assert.Null(gate.Enter(IPAddress.Parse("198.51.100.7")).Refusal);
    }

    [Fact]
    public async Task Enter_FromManyThreads_NeverLetsInMoreThanThereArePlaces()
    {
        var gate = Gate(new WebhookOptions { ConcurrencyPerConnection = 3 });
        var (inside, most, entered) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                using var pass = gate.Enter("conn_1");
                if (pass.Refusal is not null)
                    continue;

                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref most, now);
                Interlocked.Increment(ref entered);
                Interlocked.Decrement(ref inside);
            }
        })));

        Assert.InRange(most, 1, 3);
        Assert.True(entered > 0);
        Assert.Null(gate.Enter("conn_1").Refusal);
    }

    [Fact]
    public async Task Webhook_ConnectionIsFull_IsAskedForAgain()
    {
        await using var hub = await StartAsync(new() { ["Hub:Webhooks:ConcurrencyPerConnection"] = "1" });
        hub.Store.Block = new TaskCompletionSource();
        using var first = Request(hub, "a_1");
        var answering = hub.Client.SendAsync(first, HttpCompletionOption.ResponseHeadersRead);
        await hub.Store.Appending.ReadAsync().Soon();

        using var second = Request(hub, "a_2");
        using var refused = await hub.Client.SendAsync(second);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);

        hub.Store.Block.SetResult();
        using var taken = await answering.Soon();
        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        using var again = Request(hub, "a_2");
        using var late = await hub.Client.SendAsync(again);
        Assert.Equal(HttpStatusCode.Accepted, late.StatusCode);
    }

    [Fact]
    public async Task Webhook_AboveTheRateOfItsAddress_IsToldToWait()
    {
        await using var hub = await StartAsync(new() { ["Hub:Webhooks:RatePerAddress"] = "1" });
        using var first = Request(hub, "a_1");
        using var taken = await hub.Client.SendAsync(first);
        using var second = Request(hub, "a_2");
        using var refused = await hub.Client.SendAsync(second);

        Assert.Equal(HttpStatusCode.Accepted, taken.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Contains("rate_limited", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conn_unknown", 404)]
    [InlineData("conn_1", 202)]
    public async Task Webhook_ThatAsksBeforeItSends_IsToldToGoOnOnlyWhenItIsWanted(string connection, int status)
    {
        await using var hub = await StartAsync();
        var body = """{"id":"a_1","type":"order.paid"}"""u8.ToArray();
        var head = $"POST /v1/webhooks/acme/{connection} HTTP/1.1\r\nHost: hub\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n"
            + $"{AcmeProvider.SignatureHeader}: {AcmeProvider.Sign(hub.Time.GetUtcNow(), body)}\r\n\r\n";
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, hub.Address.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var line = await reader.ReadLineAsync().Soon();
        if (status == 202)
        {
            Assert.Equal("HTTP/1.1 100 Continue", line);
            await stream.WriteAsync(body);
            Assert.Equal("", await reader.ReadLineAsync().Soon());
            line = await reader.ReadLineAsync().Soon();
        }

        Assert.StartsWith($"HTTP/1.1 {status} ", line, StringComparison.Ordinal);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            if (Interlocked.CompareExchange(ref target, value, seen) == seen)
                return;
    }

    private WebhookGate Gate(WebhookOptions options) => new(Microsoft.Extensions.Options.Options.Create(options), time);

    private static async Task<HubServer> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var hub = await HubServer.StartAsync(settings);
        hub.Connections.Add("conn_1", "acme", new { webhookSecret = AcmeProvider.Secret });
        return hub;
    }

    private static HttpRequestMessage Request(HubServer hub, string id)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","type":"order.paid"}""");
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/webhooks/acme/conn_1") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation(AcmeProvider.SignatureHeader, AcmeProvider.Sign(hub.Time.GetUtcNow(), bytes));
        return request;
    }
}
