using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Egress;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Targets;
using IntegrationHub.Host.Targets.RabbitMq;
using IntegrationHub.Host.Tests.Events;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace IntegrationHub.Host.Tests.Targets;

[Collection(RabbitMqCollection.Name)]
public sealed class RabbitMqTargetTests(RabbitMqServer server) : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private readonly FakeSealer sealer = new();
    private RabbitMqLinks links = null!;
    private IConnection connection = null!;
    private IChannel channel = null!;
    private string exchange = "";
    private string queue = "";

    public async Task InitializeAsync()
    {
        links = Links(new HubOptions { AllowPrivateTargets = true });
        if (server.Port == 0)
            return;

        connection = await server.ConnectAsync();
        channel = await connection.CreateChannelAsync();
        exchange = "events-" + Guid.NewGuid().ToString("N")[..8];
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true);
        queue = (await channel.QueueDeclareAsync()).QueueName;
        await channel.QueueBindAsync(queue, exchange, "acme.#");
    }

    public async Task DisposeAsync()
    {
        await links.StopAsync(CancellationToken.None);
        links.Dispose();
        if (connection is not null)
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task Send_IsAPersistentMessage_WithTheEventAsCloudEvent()
    {
        server.Require();
        var delivery = Delivery();

        var answer = await Target().SendAsync(delivery, CancellationToken.None);

        Assert.Equal((DeliveryOutcomes.Delivered, null), (answer.Outcome, answer.Error));
        var got = await NextAsync();
        var (one, properties) = (delivery.Event, got.BasicProperties);
        Assert.Equal((exchange, "acme.order.paid"), (got.Exchange, got.RoutingKey));
        Assert.Equal((one.Id, one.Type, one.Time.ToUnixTimeSeconds()), (properties.MessageId, properties.Type, properties.Timestamp.UnixTime));
        Assert.Equal(("application/cloudevents+json; charset=utf-8", DeliveryModes.Persistent, "req_1"), (properties.ContentType, properties.DeliveryMode, properties.CorrelationId));
        using var body = JsonDocument.Parse(got.Body);
        Assert.Equal((one.Id, 42), (body.RootElement.GetProperty("id").GetString(), body.RootElement.GetProperty("data").GetProperty("amount").GetInt32()));
        Assert.False(properties.Headers?.ContainsKey("webhook-replay") ?? false);

        await Target().SendAsync(delivery with { IsReplay = true }, CancellationToken.None);
        Assert.Equal("true", Encoding.UTF8.GetString((byte[])(await NextAsync()).BasicProperties.Headers!["webhook-replay"]!));
    }

    [SkippableFact]
    public async Task Send_RoutingKey_IsATemplateOverTheEvent()
    {
        server.Require();
        await channel.QueueBindAsync(queue, exchange, "paid.42.#");

        Assert.Equal(DeliveryOutcomes.Delivered, (await Target().SendAsync(Delivery(routingKey: "paid.{event.data.amount}.{event.environment|upper}"), CancellationToken.None)).Outcome);
        Assert.Equal("paid.42.PROD", (await NextAsync()).RoutingKey);

        var missing = await Target().SendAsync(Delivery(routingKey: "paid.{event.data.missing}"), CancellationToken.None);
        Assert.True(missing.IsFinal);
        var tooLong = await Target().SendAsync(Delivery(routingKey: new string('x', 256)), CancellationToken.None);
        Assert.True(tooLong.IsFinal);
    }

    [SkippableFact]
    public async Task Send_NoQueueTakesIt_IsAFailureThatSaysSo_UnlessNotMandatory()
    {
        server.Require();
        var target = Target();

        var answer = await target.SendAsync(Delivery(routingKey: "nobody.wants.this"), CancellationToken.None);

        Assert.Equal((DeliveryOutcomes.Refused, false), (answer.Outcome, answer.IsFinal));
        Assert.Contains($"nothing is bound to the exchange '{exchange}' for the routing key 'nobody.wants.this'", answer.Error, StringComparison.Ordinal);
        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(Delivery(routingKey: "nobody.wants.this", mandatory: false), CancellationToken.None)).Outcome);
    }

    [SkippableFact]
    public async Task Send_ExchangeIsMissing_SaysSo_AndWorksOnceItIsThere()
    {
        server.Require();
        var (target, name) = (Target(), "late-" + exchange);

        var answer = await target.SendAsync(Delivery(to: name), CancellationToken.None);
        Assert.Equal(DeliveryOutcomes.Refused, answer.Outcome);
        Assert.Contains("404", answer.Error, StringComparison.Ordinal);

        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, autoDelete: true);
        await channel.QueueBindAsync(queue, name, "");
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(Delivery(to: name), CancellationToken.None)).Outcome);
    }

    [SkippableFact]
    public async Task Send_ManyAtOnce_ShareOneConnection_AndAllAreConfirmed()
    {
        server.Require();
        var (target, delivery) = (Target(), Delivery());

        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => target.SendAsync(delivery, CancellationToken.None)));

        Assert.All(answers, answer => Assert.Equal((DeliveryOutcomes.Delivered, null), (answer.Outcome, answer.Error)));
        Assert.Equal(1, links.Count);
        Assert.Equal(500u, await channel.MessageCountAsync(queue));
    }

    [SkippableFact]
    public async Task Send_AfterTheConnectionBroke_OpensItAnew()
    {
        server.Require();
        await using var wire = new Wire(server.Port);
        var (target, delivery) = (Target(), Delivery(url: $"amqp://127.0.0.1:{wire.Port}"));
        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(delivery, CancellationToken.None)).Outcome);

        wire.Cut();
        TargetAnswer answer;
        var tries = 0;
        do
        {
            answer = await target.SendAsync(delivery, CancellationToken.None);
            time.Advance(TimeSpan.FromSeconds(2));
        }
        while (answer.Outcome != DeliveryOutcomes.Delivered && ++tries < 20);

        Assert.Equal(DeliveryOutcomes.Delivered, answer.Outcome);
        Assert.Equal(2, wire.Connections);
    }

    [SkippableFact]
    public async Task Link_Idle_IsClosed_AndOpenedAgainWhenNeeded()
    {
        server.Require();
        await using var wire = new Wire(server.Port);
        var (target, delivery) = (Target(), Delivery(url: $"amqp://127.0.0.1:{wire.Port}"));
        await target.SendAsync(delivery, CancellationToken.None);
        await links.CloseIdleAsync();
        Assert.Equal(1, links.Count);

        time.Advance(RabbitMqLinks.IdleTime);
        await links.CloseIdleAsync();
        Assert.Equal(0, links.Count);
        await wire.AllClosed.Soon();

        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(delivery, CancellationToken.None)).Outcome);
        Assert.Equal(2, wire.Connections);
    }

    [SkippableFact]
    public async Task Send_WrongPassword_IsRefused_WithoutShowingIt()
    {
        server.Require();

        var answer = await Target().SendAsync(Delivery(password: "never-in-answers"), CancellationToken.None);

        Assert.Equal((DeliveryOutcomes.Refused, "The broker refused user or password."), (answer.Outcome, answer.Error));
    }

    [SkippableFact]
    public async Task Send_Tls_CertificateThatNobodyVouchesFor_IsRefused()
    {
        server.Require();

        var answer = await Target().SendAsync(Delivery(url: $"amqps://127.0.0.1:{server.TlsPort}"), CancellationToken.None);

        Assert.Equal((DeliveryOutcomes.ConnectFailed, "TLS with the broker failed; check its certificate."), (answer.Outcome, answer.Error));
    }

    [Fact]
    public async Task Send_AddressThatIsNotAllowed_IsDeniedBeforeAnythingIsSent()
    {
        await using var wire = new Wire(1);
        using var strict = Links(new HubOptions());
        using var plain = Links(new HubOptions { AllowedNetworks = { "10.0.0.0/8" } });

        foreach (var (from, url) in new[] { (strict, $"amqps://127.0.0.1:{wire.Port}"), (strict, $"amqps://localhost:{wire.Port}"), (plain, $"amqp://localhost:{wire.Port}") })
        {
            var answer = await Target(from).SendAsync(Delivery(url: url), CancellationToken.None);
            Assert.Equal(DeliveryOutcomes.Denied, answer.Outcome);
            Assert.Contains("egress denied", answer.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, wire.Connections);
    }

    [Fact]
    public async Task Send_WithoutTls_ReachesNamedNetworksOnly()
    {
        await using var wire = new Wire(1);
        using var named = Links(new HubOptions { AllowedNetworks = { "127.0.0.0/8" } });

        var answer = await Target(named).SendAsync(Delivery(url: $"amqp://127.0.0.1:{wire.Port}"), CancellationToken.None);

        Assert.Equal(DeliveryOutcomes.ConnectFailed, answer.Outcome);
        Assert.Equal(1, wire.Connections);
    }

    [Fact]
    public async Task Send_NobodyListens_IsAConnectFailure()
    {
        var answer = await Target().SendAsync(Delivery(url: "amqp://127.0.0.1:9"), CancellationToken.None);

        Assert.Equal((DeliveryOutcomes.ConnectFailed, "No connection to the broker could be made."), (answer.Outcome, answer.Error));
    }

    [Theory]
    [InlineData("https://broker.example.com", """{"exchange":"e"}""", "/target/url")]
    [InlineData("", """{"exchange":"e"}""", "/target/url")]
    [InlineData("amqp://broker.example.com", """{"exchange":"e"}""", "/target/url")]
    [InlineData("amqps://me:secret@broker.example.com", """{"exchange":"e"}""", "/target/url")]
    [InlineData("amqps://broker.example.com/a/b", """{"exchange":"e"}""", "/target/url")]
    [InlineData("amqps://broker.example.com/a?heartbeat=1", """{"exchange":"e"}""", "/target/url")]
    [InlineData("amqps://broker.example.com", """{"routingKey":"x"}""", "/target/exchange")]
    [InlineData("amqps://broker.example.com", null, "/target/exchange")]
    [InlineData("amqps://broker.example.com", """{"exchange":"e","username":"me"}""", "/target/password")]
    [InlineData("amqps://broker.example.com", """{"exchange":"e","routingKey":"{evnt.type}"}""", "/target/routingKey")]
    [InlineData("amqps://broker.example.com", """{"exchange":"e","mandatory":"yes"}""", "/target/mandatory")]
    [InlineData("amqps://broker.example.com", """{"exchange":"e","queue":"q"}""", "/target/queue")]
    public void Check_Faulty_IsPointedAt(string url, string? target, string pointer)
    {
        var (subscription, _) = SomeEvent.Subscribed(url);
        var checkedOne = subscription with { TargetKind = RabbitMqTarget.KindName, Settings = new SubscriptionSettings { Target = target is null ? null : JsonElement.Parse(target) } };

        Assert.Contains(Target(options: new HubOptions()).Check(checkedOne), issue => issue.Pointer == pointer);
    }

    [Theory]
    [InlineData("amqps://broker.example.com", """{"exchange":"e"}""")]
    [InlineData("amqps://broker.example.com:5671/%2Fvhost", """{"exchange":"","routingKey":"queue","mandatory":false,"username":"me","password":"••••"}""")]
    public void Check_Good_FindsNothing(string url, string target)
    {
        var (subscription, _) = SomeEvent.Subscribed(url);

        Assert.Empty(Target(options: new HubOptions()).Check(subscription with { Settings = new SubscriptionSettings { Target = JsonElement.Parse(target) } }));
    }

    private RabbitMqLinks Links(HubOptions options) => new(new AddressPolicy(options), time);

    private RabbitMqTarget Target(RabbitMqLinks? from = null, HubOptions? options = null) => new(
        from ?? links, new SubscriptionSecrets(sealer), new DeliveryPayloads(sealer), new EventEnvelopes(sealer), new AddressPolicy(options ?? new HubOptions { AllowPrivateTargets = true }),
        Options.Create(new DeliveryOptions()), time);


    private TargetDelivery Delivery(string? url = null, string? to = null, string? routingKey = null, bool mandatory = true, string? password = null)
    {
        var (subscription, _) = SomeEvent.Subscribed(url ?? server.Url);
        var members = new Dictionary<string, object> { ["exchange"] = to ?? exchange, ["mandatory"] = mandatory };
        if (routingKey is not null)
            members["routingKey"] = routingKey;
        if (password is not null)
            (members["username"], members["password"]) = ("guest", "••••");

        subscription = subscription with { TargetKind = RabbitMqTarget.KindName, Settings = new SubscriptionSettings { Target = JsonSerializer.SerializeToElement(members) } };
        if (password is not null)
            subscription = new SubscriptionSecrets(sealer).WithSettings(subscription, JsonSerializer.SerializeToElement(new { target = new { password } }));
        return new TargetDelivery(Ids.New(Ids.Delivery, time), 1, SomeEvent.Of(time), subscription, IsReplay: false, time.GetUtcNow());
    }

    private async Task<BasicGetResult> NextAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (await channel.BasicGetAsync(queue, autoAck: true, patience.Token) is { } got)
                return got;
            await Task.Delay(10, patience.Token);
        }
    }

    /// <summary>A wire to the server that can be cut, and counts.</summary>
    private sealed class Wire : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly List<TcpClient> ends = [];
        private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly int to;
        private int connections;

        public Wire(int to)
        {
            this.to = to;
            listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public int Connections => Volatile.Read(ref connections);

        /// <summary>Completes when a connection was closed by either side.</summary>
        public Task AllClosed => closed.Task;

        public void Cut()
        {
            lock (ends)
            {
                foreach (var end in ends)
                    end.Close();
                ends.Clear();
            }
        }

        public ValueTask DisposeAsync()
        {
            listener.Stop();
            Cut();
            return ValueTask.CompletedTask;
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var client = await listener.AcceptTcpClientAsync();
                    Interlocked.Increment(ref connections);
                    _ = JoinAsync(client);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        private async Task JoinAsync(TcpClient client)
        {
            using var broker = new TcpClient();
            using (client)
            {
                try
                {
                    lock (ends)
                        ends.AddRange([client, broker]);
                    await broker.ConnectAsync(IPAddress.Loopback, to);
                    await Task.WhenAny(client.GetStream().CopyToAsync(broker.GetStream()), broker.GetStream().CopyToAsync(client.GetStream()));
                }
                catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
                {
                    // Cut.
                }
            }

            closed.TrySetResult();
        }
    }
}
