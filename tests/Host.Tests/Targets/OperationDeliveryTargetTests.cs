using System.Text;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Capabilities;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Operations.Effects;
using IntegrationHub.Host.Operations.Idempotency;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Storage.Sqlite;
using IntegrationHub.Host.Targets;
using IntegrationHub.Host.Targets.Operations;
using IntegrationHub.Host.Tests.Events;
using IntegrationHub.Host.Tests.Operations;
using IntegrationHub.Host.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Targets;

public sealed partial class OperationDeliveryTargetTests : IAsyncLifetime
{
    private OperationHub hub = null!;
    private readonly List<OperationHub> former = [];
    private readonly List<OperationRequest> asked = [];

    public async Task InitializeAsync()
    {
        hub = await OperationHub.StartAsync();
        hub.Adapter = (request, _) =>
        {
            asked.Add(request);
            return ValueTask.FromResult(OperationHub.Value("""{ "id": "ch_12345678" }"""));
        };
    }

    public async Task DisposeAsync()
    {
        await hub.DisposeAsync();
        foreach (var one in former)
            await one.DisposeAsync();
    }

    [Fact]
    public async Task Send_RunsTheOperation_WithParametersOfTheEvent_AsTheSubscription()
    {
        var (delivery, subscription) = Delivery("charge", """{ "amount": "{event.data.amount}", "note": "{event.type} for {event.subject}", "order": "{/data/order/id}" }""", """{ "amount": 42, "order": { "id": "o-7" } }""");

        var answer = await SendAsync(delivery);

        Assert.Equal((DeliveryOutcomes.Delivered, null), (answer.Outcome, answer.Error));
        var request = Assert.Single(asked);
        Assert.Equal("""{"amount":42,"note":"acme.order.paid for order_7","order":"o-7"}""", request.Parameters.GetRawText());
        var effect = (await hub.Get<IEffectStore>().ListAsync(new EffectQuery(), new(), CancellationToken.None)).Items.Single();
        Assert.Equal((subscription.Id, EffectVerdict.Succeeded, "req_1"), (effect.Actor, effect.Verdict, effect.CorrelationId));
        Assert.Contains(effect.Id, answer.Body, StringComparison.Ordinal);
        Assert.Contains(hub.Audit.Entries, entry => entry.Action == "operation.executed" && entry.Actor == subscription.Id && entry.Project == "shop");
        Assert.Equal(subscription.Id, Assert.Single(hub.Usage).Actor);
    }

    [Fact]
    public async Task Send_ProviderTakesAKey_ItIsTheDeliverysId()
    {
        var (delivery, _) = Delivery("pay", """{ "amount": "{event.data.amount}" }""");

        await SendAsync(delivery);

        Assert.Equal(delivery.DeliveryId, Assert.Single(asked).IdempotencyKey);
    }

    [Fact]
    public async Task Send_Again_AfterItSucceeded_DoesNotRunItTwice()
    {
        var (delivery, _) = Delivery("charge", "{}");
        await SendAsync(delivery);

        // The record of the first attempt was lost: the same delivery comes once more, even much later.
        hub.Time.Advance(TimeSpan.FromDays(3));
        var again = await SendAsync(delivery with { Number = 2 });

        Assert.Equal(DeliveryOutcomes.Delivered, again.Outcome);
        Assert.Single(asked);
    }

    [Fact]
    public async Task Send_HubDiedWhileItRan_IsADeadLetterThatNamesTheEffect()
    {
        var (delivery, _) = Delivery("charge", "{}");
        var reached = new TaskCompletionSource();
        hub.Adapter = async (_, _) =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
            throw new InvalidOperationException();
        };
        _ = SendAsync(delivery);
        await reached.Task.Soon();

        await RestartAsync();
        var answer = await SendAsync(delivery with { Number = 2 });

        var effect = (await hub.Get<IEffectStore>().ListAsync(new EffectQuery { Verdict = EffectVerdict.Unknown }, new(), CancellationToken.None)).Items.Single();
        Assert.True(answer.IsFinal);
        Assert.Contains($"/api/effects/{effect.Id}/settle", answer.Error, StringComparison.Ordinal);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task Send_HubDiedWhileItRan_ProviderRecognisesRepetitions_RunsAgainUnderTheSameKey()
    {
        var (delivery, _) = Delivery("pay", """{ "amount": 1 }""");
        var reached = new TaskCompletionSource();
        hub.Adapter = async (_, _) =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
            throw new InvalidOperationException();
        };
        _ = SendAsync(delivery);
        await reached.Task.Soon();

        await RestartAsync();
        var answer = await SendAsync(delivery with { Number = 2 });

        Assert.Equal(DeliveryOutcomes.Delivered, answer.Outcome);
        Assert.Equal(delivery.DeliveryId, Assert.Single(asked).IdempotencyKey);
    }

    [Fact]
    public async Task Send_NoAnswer_IsNotRepeated_AndReplaysWaitForTheSettlement()
    {
        var (delivery, _) = Delivery("charge", "{}");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "The connection broke off.", OutcomeUnknown = true }));

        var answer = await SendAsync(delivery);
        Assert.True(answer.IsFinal);
        var effect = (await hub.Get<IEffectStore>().ListAsync(new EffectQuery { Verdict = EffectVerdict.Unknown }, new(), CancellationToken.None)).Items.Single();
        Assert.Contains(effect.Id, answer.Error, StringComparison.Ordinal);

        hub.Adapter = (request, _) =>
        {
            asked.Add(request);
            return ValueTask.FromResult(OperationHub.Value("{}"));
        };
        await new SqliteEventStore(hub.Storage).AppendAsync(Some.Append(delivery.Event), CancellationToken.None);
        await new SqliteDeliveryStore(hub.Storage).AddAsync([Some.Delivery(delivery.Event, delivery.Subscription.Id) with { Id = delivery.DeliveryId, Status = DeliveryStatus.Dead }], CancellationToken.None);
        var replay = delivery with { DeliveryId = Ids.New(Ids.Delivery, hub.Time), IsReplay = true };
        var refused = await SendAsync(replay);
        Assert.True(refused.IsFinal);
        Assert.Contains(effect.Id, refused.Error, StringComparison.Ordinal);
        Assert.Empty(asked);

        await hub.Get<EffectService>().SettleAsync(hub.Caller, "req_2", effect.Id, new SettleEffectRequest(EffectVerdict.Failed), CancellationToken.None);
        var settled = await SendAsync(replay with { DeliveryId = Ids.New(Ids.Delivery, hub.Time) });
        Assert.Equal(DeliveryOutcomes.Delivered, settled.Outcome);
        Assert.Single(asked);
    }

    [Fact]
    public async Task Send_TwoAttemptsAtOnce_OneRuns()
    {
        var (delivery, _) = Delivery("charge", "{}");
        var (reached, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var runs = 0;
        hub.Adapter = async (_, _) =>
        {
            Interlocked.Increment(ref runs);
            reached.SetResult();
            await go.Task;
            return OperationHub.Value("{}");
        };
        var first = SendAsync(delivery);
        await reached.Task.Soon();

        var second = await SendAsync(delivery with { Number = 2 });
        go.SetResult();

        Assert.Equal(DeliveryOutcomes.Delivered, (await first).Outcome);
        Assert.Equal((DeliveryOutcomes.Refused, false, true), (second.Outcome, second.IsFinal, second.IsDeferred));
        Assert.NotNull(second.RetryAfter);
        Assert.Equal(1, runs);
        Assert.Equal(DeliveryOutcomes.Delivered, (await SendAsync(delivery with { Number = 3 })).Outcome);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Send_TooManyRequests_IsTriedLater_WhenTheProviderSays()
    {
        var (delivery, _) = Delivery("charge", "{}");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(
            new ProviderError { Category = ErrorCategory.RateLimited, Message = "Slow down.", ProviderStatus = 429, RetryAfter = TimeSpan.FromSeconds(42) }));

        var answer = await SendAsync(delivery);

        Assert.Equal((DeliveryOutcomes.Refused, false, 429), (answer.Outcome, answer.IsFinal, answer.Status));
        Assert.True(answer.RetryAfter >= TimeSpan.FromSeconds(42));
    }

    [Fact]
    public async Task Send_ProviderFailed_AndMayHaveDoneIt_IsFinal()
    {
        var (delivery, _) = Delivery("charge", "{}");
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "Oops.", ProviderStatus = 503 }));

        var answer = await SendAsync(delivery);

        Assert.True(answer.IsFinal);
        Assert.Contains("may have been done; see /api/effects/eff_", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "amount": "{event.data.missing}" }""", "/params/amount")] // a required parameter
    [InlineData("""{ "amount": "{event.data.note}" }""", "/params/amount")] // of another type
    [InlineData("""{ "amount": "{event.data.note|number}" }""", "cannot be made")] // a pipe that cannot work
    public async Task Send_BadParameters_IsFinal_AndNothingIsSent(string template, string says)
    {
        var (delivery, _) = Delivery("pay", template, """{ "note": "private words" }""");

        var answer = await SendAsync(delivery);

        Assert.True(answer.IsFinal);
        Assert.Contains(says, answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("private words", answer.Error, StringComparison.Ordinal);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task Connection_OfAnotherProjectOrEnvironment_IsAsOneThatIsNot()
    {
        var (delivery, subscription) = Delivery("charge", "{}");
        var none = await LookUpAsync(subscription, "conn_2");
        var missing = await SendAsync(WithConnection(delivery, "conn_2"));

        foreach (var elsewhere in new[] { hub.Connection with { Project = "other" }, hub.Connection with { Environment = "prod" } })
        {
            hub.Connection = elsewhere;
            var issue = Assert.Single(await LookUpAsync(subscription, OperationHub.ConnectionId));
            Assert.Equal(none[0].Message.Replace("conn_2", OperationHub.ConnectionId, StringComparison.Ordinal), issue.Message);
            var answer = await SendAsync(delivery);
            Assert.Equal((missing.Outcome, true, missing.Error!.Replace("conn_2", OperationHub.ConnectionId, StringComparison.Ordinal)), (answer.Outcome, answer.IsFinal, answer.Error));
        }

        Assert.Empty(asked);
    }

    [Fact]
    public async Task Send_EventOfAnotherEnvironmentThanTheConnection_IsNotRun()
    {
        var (delivery, _) = Delivery("charge", "{}");

        var answer = await SendAsync(delivery with { Event = delivery.Event with { Environment = "prod" } });

        Assert.True(answer.IsFinal);
        Assert.Empty(asked);
    }

    [Theory]
    [InlineData("chrage", "/target/operation")]
    [InlineData("upload", "/target/operation")]
    [InlineData("pay", "/target/params/amount")] // parameters that depend on no event are judged at once
    public async Task LookUp_WhatCannotWork_IsRefused(string operation, string pointer)
    {
        var (_, subscription) = Delivery(operation, """{ "amount": "much" }""");

        Assert.Equal(pointer, Assert.Single(await Target().LookUpAsync(subscription, CancellationToken.None)).Pointer);
    }

    [Fact]
    public async Task Send_OperationsThatFollowFromOneAnother_AreALoop_AndEnd()
    {
        var target = Target();
        var number = 0;
        hub.Adapter = (request, _) =>
        {
            asked.Add(request);
            return ValueTask.FromResult(OperationHub.Value($$"""{ "id": "ch_{{++number:00000000}}", "status": "done" }"""));
        };

        // Each event is about what the operation before it made, as a provider's webhook is.
        TargetAnswer answer;
        var rounds = 0;
        do
        {
            var (delivery, _) = Delivery("charge", "{}");
            answer = await target.SendAsync(delivery with { Event = delivery.Event with { ConnectionId = OperationHub.ConnectionId, Subject = number == 0 ? "order_1" : $"ch_{number:00000000}" } }, CancellationToken.None);
            hub.Time.Advance(TimeSpan.FromSeconds(10));
        }
        while (answer.Outcome == DeliveryOutcomes.Delivered && ++rounds < 50);

        Assert.Equal(OperationChains.MaxLinks, rounds);
        Assert.True(answer.IsFinal);
        Assert.Contains("loop", answer.Error, StringComparison.Ordinal);

        // Others are not concerned, nor is the same thing a while later.
        var (other, _) = Delivery("charge", "{}");
        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(other with { Event = other.Event with { Subject = "order_9" } }, CancellationToken.None)).Outcome);
        hub.Time.Advance(OperationChains.Memory);
        var (later, _) = Delivery("charge", "{}");
        Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(later with { Event = later.Event with { ConnectionId = OperationHub.ConnectionId, Subject = $"ch_{number:00000000}" } }, CancellationToken.None)).Outcome);
    }

    [Fact]
    public async Task Send_ManySubscriptionsToOneEvent_AreNoChain()
    {
        var target = Target();
        var (first, _) = Delivery("charge", "{}");
        for (var i = 0; i < 3 * OperationChains.MaxLinks; i++)
        {
            var (delivery, _) = Delivery("charge", "{}");
            Assert.Equal(DeliveryOutcomes.Delivered, (await target.SendAsync(delivery with { Event = first.Event }, CancellationToken.None)).Outcome);
        }
    }

    [Theory]
    [InlineData("""{ "connection": "conn_1" }""", "/target/operation")]
    [InlineData("""{ "operation": "charge" }""", "/target")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "capability": "sms.send" }""", "/target")]
    [InlineData("""{ "capability": "sms.sent" }""", "/target/capability")]
    [InlineData("""{ "capability": "sms.send", "market": "Saudi" }""", "/target/market")]
    [InlineData("""{ "capability": "sms.send", "operation": "charge" }""", "/target/operation")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "fallback": true }""", "/target/fallback")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "params": [] }""", "/target/params")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "params": { "a": "{evnt.data.amount}" } }""", "/target/params")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "params": { "a": "{event.data.a|lowr}" } }""", "/target/params")]
    [InlineData("""{ "connection": "conn_1", "operation": "charge", "parms": {} }""", "/target/parms")]
    [InlineData("""{ "connection": 1, "operation": "charge" }""", "/target/connection")]
    public void Check_Faulty_IsPointedAt(string target, string pointer)
    {
        var (_, subscription) = Delivery("charge", "{}");

        var issues = Target().Check(subscription with { Settings = subscription.Settings with { Target = JsonElement.Parse(target) } }).ToList();

        Assert.Contains(issues, issue => issue.Pointer == pointer);
    }

    [Fact]
    public void Check_WithoutEnvironment_ConnectionIsRefused_CapabilityIsNot()
    {
        var (_, subscription) = Delivery("charge", "{}");
        var wide = subscription with { Environment = null };

        Assert.Equal("/environment", Assert.Single(Target().Check(wide)).Pointer);
        Assert.Empty(Target().Check(wide with { Settings = wide.Settings with { Target = JsonElement.Parse("""{ "capability": "sms.send", "params": { "to": "{event.data.to}" } }""") } }));
    }

    private OperationDeliveryTarget Target() => new(
        hub.Get<OperationExecutor>(),
        new CapabilityRunner(null!, hub.Get<OperationExecutor>(), hub.Get<IConnectionResolver>()),
        hub.Get<IConnectionResolver>(),
        hub.Get<IProviderCatalog>(),
        new OperationClaims(hub.Get<IIdempotencyStore>(), hub.Get<IEffectStore>(), new SqliteDeliveryStore(hub.Storage), Options.Create(new ExecutionOptions()), hub.Time),
        new OperationChains(hub.Time),
        new EventEnvelopes(hub.Get<IPayloadSealer>()),
        NullLogger<OperationDeliveryTarget>.Instance);

    private Task<TargetAnswer> SendAsync(TargetDelivery delivery) => Target().SendAsync(delivery, CancellationToken.None);

    private async Task<IReadOnlyList<Schemas.ValidationIssue>> LookUpAsync(Subscription subscription, string connection) =>
        await Target().LookUpAsync(subscription with { Settings = subscription.Settings with { Target = JsonSerializer.SerializeToElement(new { connection, operation = "charge" }) } }, CancellationToken.None);

    private static TargetDelivery WithConnection(TargetDelivery delivery, string connection) => delivery with
    {
        Subscription = delivery.Subscription with { Settings = delivery.Subscription.Settings with { Target = JsonSerializer.SerializeToElement(new { connection, operation = "charge" }) } },
    };

    private (TargetDelivery Delivery, Subscription Subscription) Delivery(string operation, string parameters, string data = """{ "amount": 42 }""")
    {
        var (subscription, _) = SomeEvent.Subscribed("", environment: "dev");
        subscription = subscription with
        {
            TargetKind = OperationDeliveryTarget.KindName,
            Settings = new SubscriptionSettings { Target = JsonSerializer.SerializeToElement(new { connection = OperationHub.ConnectionId, operation, @params = JsonElement.Parse(parameters) }) },
        };
        var one = SomeEvent.Of(hub.Time, environment: "dev") with { ConnectionId = "conn_source" };
        one = one with { SealedData = hub.Get<IPayloadSealer>().Seal(Encoding.UTF8.GetBytes(data), one.Id) };
        return (new TargetDelivery(Ids.New(Ids.Delivery, hub.Time), 1, one, subscription, IsReplay: false, hub.Time.GetUtcNow()), subscription);
    }

    private async Task RestartAsync()
    {
        var old = hub;
        old.Time.Advance(TimeSpan.FromSeconds(1));
        former.Add(old);
        hub = await old.RestartAsync();
        hub.Adapter = (request, _) =>
        {
            asked.Add(request);
            return ValueTask.FromResult(OperationHub.Value("{}"));
        };
    }
}
