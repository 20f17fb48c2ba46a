using IntegrationHub.Adapters;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Targets.Operations;
using IntegrationHub.Manifests;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Targets;

/// <summary>What the hub itself holds back is neither an attempt nor a failure of the target.</summary>
public sealed partial class OperationDeliveryTargetTests
{
    [Fact]
    public async Task Send_HeldBackByTheConnectionsCircuit_SaysNothingOfTheTarget()
    {
        hub.Change = manifest => manifest with { Retry = new RetryManifest { MaxAttempts = 1 }, Breaker = new BreakerManifest { Failures = 1 } };
        hub.Adapter = (_, _) => ValueTask.FromResult(OperationResult.Failure(new ProviderError { Category = ErrorCategory.Unavailable, Message = "Down.", ProviderStatus = 503 }));

        var failed = await SendAsync(Delivery("put", "{}").Delivery);
        var heldBack = await SendAsync(Delivery("put", "{}").Delivery);

        Assert.Equal((false, false), (failed.IsHubFault, failed.IsFinal));
        Assert.Equal((true, false), (heldBack.IsHubFault, heldBack.IsFinal));
        Assert.StartsWith("circuit_open", heldBack.Error, StringComparison.Ordinal);
    }

    /// <summary>An operation may take longer than a lease. Whoever finds it at work has not tried anything.</summary>
    [Fact]
    public void Decide_AnotherAttemptIsAtWork_UsesUpNoTry()
    {
        var rules = new DeliveryOutcomeRules(new RetrySchedule([TimeSpan.FromSeconds(5)], 0, new Random(1)), Options.Create(new DeliveryOptions()), hub.Time);
        var now = hub.Time.GetUtcNow();
        var attempt = new DeliveryAttempt
        {
            Id = "att_1", DeliveryId = "dlv_1", Number = 2, StartedAt = now, Duration = TimeSpan.Zero, Outcome = DeliveryOutcomes.Refused, Error = "An earlier attempt is still running.",
        };

        var deferred = rules.Decide(attempt, new TargetAnswer { Outcome = DeliveryOutcomes.Refused, RetryAfter = TimeSpan.FromSeconds(30), IsHubFault = true, IsDeferred = true });
        var failed = rules.Decide(attempt, new TargetAnswer { Outcome = DeliveryOutcomes.Refused });

        Assert.Equal((DeliveryStatus.Pending, 1, now + TimeSpan.FromSeconds(30), attempt.Error), (deferred.Status, deferred.Attempts, deferred.NextAttemptAt, deferred.Reason));
        Assert.Equal((DeliveryStatus.Dead, 2), (failed.Status, failed.Attempts));
    }

    [Fact]
    public void Prepared_SameSubscription_IsReadAndCompiledOnce()
    {
        var (_, subscription) = Delivery("charge", """{ "amount": "{event.data.amount}" }""");

        Assert.Same(OperationDeliveryTarget.PreparedOf(subscription), OperationDeliveryTarget.PreparedOf(subscription));
        Assert.NotSame(OperationDeliveryTarget.PreparedOf(subscription), OperationDeliveryTarget.PreparedOf(subscription with { Version = 2 }));
    }
}
